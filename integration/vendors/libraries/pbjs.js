// As much of a header bidder as a creative needs: it has won an auction, renders the
// winner where it is asked to, and keeps its visitor in the cookie _pubcid.
// The universal creative comes from npm.

import { visitorCookie } from "./cookies.js";

const collector = "COLLECTOR";
const visitor = visitorCookie("_pubcid", 365, () => crypto.randomUUID());

function send(what, data) {
  const query = new URLSearchParams({ pubcid: visitor, page: location.href, ...data });
  navigator.sendBeacon(`${collector}/${what}?${query}`);
}

const queued = window.pbjs?.que ?? [];
window.pbjs = {
  que: { push: (act) => act() },
  setConfig: (config) => send("config", config),
  /** Puts the markup of a bid into a document, scripts and all. */
  async renderAd(doc, adId) {
    const bid = await (await fetch(`${collector}/cache/${new URL(collector).host}?uuid=${encodeURIComponent(adId)}`)).json();
    const holder = doc.createElement("div");
    holder.innerHTML = bid.adm;
    for (const script of holder.querySelectorAll("script")) {
      const live = doc.createElement("script");
      live.textContent = script.textContent;
      script.replaceWith(live);
    }
    doc.body.append(holder);
  },
};
send("auction", {});
queued.forEach((act) => act());
