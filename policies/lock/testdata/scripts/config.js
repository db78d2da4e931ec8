(function (w) {
  'use strict';
  // What the server knows.
  var config = {
    user: "joe",
    'roles': ["admin", "editor"],
    timeout: 30,
    ready: function () { return /^[a-z/]+"$/.test(this.user) && w.total / 2 > 1; },
    features: { beta: true, rows: -1.5e3, when: null, other: w.other }
  };
  if (!w.app) { w.app = {}; }
  w.app.state = JSON.parse('{"cart":[{"sku":"A-1","n":2}]}')
  w.app.config = config;
})(window);
