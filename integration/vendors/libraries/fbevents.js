// A library in the shape of Meta's fbevents.js: it gives the snippet's fbq its
// callMethod, drains the queue, keeps its visitor in the cookie _fbp, and sends each
// hit as a picture.

import { digits, visitorCookie } from "./cookies.js";

const { fbq } = window;
const pixels = [];

function track(name, data) {
  const visitor = visitorCookie("_fbp", 90, () => `fb.1.${Date.now()}.${digits(18)}`);
  for (const id of pixels) {
    const query = new URLSearchParams({ id, ev: name, dl: location.href, rl: document.referrer, fbp: visitor, sw: screen.width, sh: screen.height });
    for (const [key, value] of Object.entries(data ?? {})) query.set(`cd[${key}]`, value);
    new Image().src = `${fbq.collector}/tr/?${query}`;
  }
}

fbq.callMethod = (verb, what, data) => {
  if (verb === "init") pixels.push(what);
  else if (verb === "track" || verb === "trackCustom") track(what, data);
};
for (const call of fbq.queue.splice(0)) fbq.callMethod(...call);
