// Session replay: rrweb records the page, and its events go to the collector in
// batches. This is the vendor that sees most: whatever stands in the document
// that it runs in.
(() => {
  "use strict";

  const VENDOR = "__VENDOR__";
  const address = `${VENDOR}/collect/replay`;
  const visit = Math.random().toString(36).slice(2, 10);
  const every = 2000;
  let waiting = [];

  // No content type beyond text/plain: a batch must not need a preflight. A
  // beacon may carry 64 KiB, so only the last batch of a visit is one.
  function send(last) {
    if (waiting.length === 0) return;
    const batch = JSON.stringify({ url: location.href, visit, events: waiting });
    waiting = [];
    if (last && navigator.sendBeacon?.(address, batch)) return;
    fetch(address, { method: "POST", body: batch }).catch(() => {});
  }

  function record() {
    const start = window.rrweb?.record;
    if (typeof start !== "function") return;
    start({ emit(event) { waiting.push(event); } });
    send(false);
    setInterval(send, every, false);
    addEventListener("pagehide", () => send(true));
  }

  const script = document.createElement("script");
  script.async = true;
  script.src = `${VENDOR}/vendor/rrweb.js`;
  script.addEventListener("load", record);
  (document.head || document.documentElement).append(script);
})();
