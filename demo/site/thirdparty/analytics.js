// Page analytics: one hit of our own, then posthog-js, started the way that
// vendors' snippets start such libraries: a stub that queues calls until the
// library has come and taken its place.
(() => {
  "use strict";

  const VENDOR = "__VENDOR__";

  const hit = JSON.stringify({ url: location.href, referrer: document.referrer, title: document.title });
  if (!navigator.sendBeacon?.(`${VENDOR}/collect/pageview`, hit)) {
    fetch(`${VENDOR}/collect/pageview`, { method: "POST", body: hit, keepalive: true, mode: "no-cors" }).catch(() => {});
  }

  if (window.posthog?.__SV) return;
  const stub = (window.posthog = window.posthog || []);
  stub._i = [];
  stub.people = [];
  stub.init = (token, config, name) => {
    for (const method of ["capture", "identify", "register", "reset", "opt_in_capturing", "opt_out_capturing"]) {
      stub[method] = (...args) => { stub.push([method, ...args]); };
    }
    stub._i.push([token, config, name]);
    const script = document.createElement("script");
    script.async = true;
    script.crossOrigin = "anonymous";
    script.src = `${VENDOR}/vendor/posthog.js`;
    (document.head || document.documentElement).append(script);
  };
  stub.__SV = 1;

  window.posthog.init("phc_aldermouth_heron", {
    api_host: VENDOR,
    ui_host: VENDOR,
    autocapture: true,
    capture_pageview: true,
    capture_pageleave: true,
    person_profiles: "identified_only",
    disable_session_recording: true, // replay.js records
    disable_surveys: true,
    opt_out_useragent_filter: __ROBOTS__, // true counts browsers that look like robots too
  });
})();
