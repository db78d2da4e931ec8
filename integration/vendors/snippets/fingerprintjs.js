// The library computes an identifier and sends nothing.
var visitor = (window.visitor = {
  send: function (more) {
    visitor.id.then(function (id) {
      var hit = { visitorId: id, url: location.href, title: document.title, referrer: document.referrer, more: more };
      fetch("COLLECTOR/visitor", { method: "POST", body: JSON.stringify(hit) });
    });
  },
});
visitor.id = FingerprintJS.load({ monitoring: false })
  .then(function (agent) {
    return agent.get();
  })
  .then(function (result) {
    return result.visitorId;
  });
visitor.send("page view");
