var mixpanel = (window.mixpanel = window.mixpanel || []);
if (!mixpanel.__SV) {
  mixpanel._i = [];
  mixpanel.people = [];
  mixpanel.init = function (token, config, name) {
    mixpanel._i.push([token, config, name || "mixpanel"]);
  };
  ["track", "identify", "register", "reset"].forEach(function (method) {
    mixpanel[method] = function () {
      mixpanel.push([method].concat(Array.prototype.slice.call(arguments)));
    };
  });
  mixpanel.__SV = 1.2;
}
mixpanel.init("heron", { api_host: "COLLECTOR", track_pageview: true, autocapture: true, batch_flush_interval_ms: 250 });
