var posthog = (window.posthog = window.posthog || []);
if (!posthog.__SV) {
  posthog._i = [];
  posthog.people = [];
  posthog.init = function (token, config, name) {
    posthog._i.push([token, config, name]);
  };
  ["capture", "identify", "register", "reset"].forEach(function (method) {
    posthog[method] = function () {
      posthog.push([method].concat(Array.prototype.slice.call(arguments)));
    };
  });
  posthog.__SV = 1;
}
posthog.init("phc_heron", { api_host: "COLLECTOR", person_profiles: "always", request_queue_config: { flush_interval_ms: 250 } });
