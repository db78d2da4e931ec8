// A library in the shape of Google's gtag.js: it takes over dataLayer, drains what the
// snippet has queued, keeps its visitor in the cookie _ga, and sends each hit by
// sendBeacon, or by fetch where that will not.

import { digits, visitorCookie } from "./cookies.js";

const targets = new Map();

function hit(id, name, parameters) {
  const { transport_url: base, event_callback: callback, ...rest } = { ...targets.get(id), ...parameters };
  const cookie = visitorCookie("_ga", 730, () => `GA1.1.${digits(10)}.${Math.floor(Date.now() / 1000)}`);
  const query = new URLSearchParams({
    v: "2",
    tid: id,
    cid: cookie.split(".").slice(2).join("."),
    dl: location.href,
    dt: document.title,
    dr: document.referrer,
    en: name,
    sr: `${screen.width}x${screen.height}`,
  });
  for (const [key, value] of Object.entries(rest)) query.set(`ep.${key}`, String(value));
  const url = `${base}/g/collect?${query}`;
  if (!navigator.sendBeacon(url)) fetch(url, { method: "POST", mode: "no-cors", keepalive: true });
  if (callback) setTimeout(callback, 0, id);
}

function command(entry) {
  // An array that a page pushes is none: only what gtag() has pushed, its arguments.
  if (Object.prototype.toString.call(entry) !== "[object Arguments]") return;
  const [verb, what, parameters] = entry;
  if (verb === "config") {
    targets.set(what, parameters ?? {});
    if (parameters?.send_page_view !== false) hit(what, "page_view", {});
  } else if (verb === "event") {
    for (const id of targets.keys()) hit(id, what, parameters ?? {});
  }
}

const layer = (window.dataLayer = window.dataLayer || []);
const push = layer.push;
layer.push = (...entries) => {
  const length = push.apply(layer, entries);
  entries.forEach(command);
  return length;
};
layer.slice().forEach(command);
