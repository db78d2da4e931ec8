// A library in the shape of Matomo's matomo.js: it replaces the array _paq with an
// object whose push runs commands, setters first, keeps its visitor in the cookie
// _pk_id, and sends each hit by sendBeacon as a form, or by fetch.

import { visitorCookie } from "./cookies.js";

let endpoint = "";
let site = "";

const hex = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function send(parameters) {
  const cookie = visitorCookie(`_pk_id.${site}.1fff`, 393, () => `${hex()}.${Math.floor(Date.now() / 1000)}.`);
  const body = new URLSearchParams({ idsite: site, rec: "1", url: location.href, urlref: document.referrer, _id: cookie.split(".")[0], ...parameters });
  if (!navigator.sendBeacon(endpoint, body)) fetch(endpoint, { method: "POST", mode: "no-cors", keepalive: true, body });
}

const commands = {
  setTrackerUrl: (url) => (endpoint = url),
  setSiteId: (id) => (site = id),
  enableLinkTracking: () => {},
  trackPageView: (title) => send({ action_name: title ?? document.title }),
  trackEvent: (category, action, name) => send({ e_c: category, e_a: action, e_n: name ?? "" }),
};
const run = ([name, ...args]) => commands[name]?.(...args);
const first = (entry) => entry[0].startsWith("set");
const queued = window._paq ?? [];
window._paq = { push: (...entries) => entries.forEach(run) };
queued.filter(first).forEach(run);
queued.filter((entry) => !first(entry)).forEach(run);
