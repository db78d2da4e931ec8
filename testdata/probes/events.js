// The life of the document, and the order of all kinds of scripts.
//// inline
window.order = [];
window.log = (what) => order.push(what);
window.logged = (name) => log(name + " " + document.readyState + " " + (document.currentScript ? document.currentScript.id : "none"));
logged("inline");
document.addEventListener("readystatechange", () => log("readystatechange " + document.readyState));
document.onreadystatechange = () => log("onreadystatechange " + document.readyState);
document.addEventListener("DOMContentLoaded", (event) => log("DOMContentLoaded " + document.readyState + " " + event.bubbles + " " + (event.target === document)));
addEventListener("DOMContentLoaded", () => log("DOMContentLoaded of window"));
addEventListener("load", (event) => log("load " + document.readyState + " " + (event.target === document) + " " + (event.currentTarget === window)));
window.onload = () => log("onload");
addEventListener("pageshow", (event) => log("pageshow " + event.persisted));
document.addEventListener("load", () => log("load of document"));
addEventListener("error", (event) => log("error"));
window.onerror = (message) => { log("onerror " + /mine/.test(message)) };
//// src id=setup
logged("external");
//// src id=release
// The load event waits for an async script, even one that comes late.
document.addEventListener("DOMContentLoaded", () => fetch(VENDOR + "/release", { method: "POST", mode: "no-cors" }));
//// extra held.js?held async id=held
//// src id=deferred defer
logged("deferred");
//// src id=module type=module
log("module " + document.readyState + " " + document.currentScript);
//// inline id=inline-module type=module
log("inline module " + document.readyState + " " + document.currentScript + " " + import.meta.url.endsWith("/shop/probe/events"));
//// src id=thrower
log("thrower"); throw new Error("mine");
//// src id=deferred2 defer
logged("second deferred");
//// inline id=syntax
this is no script
//// inline id=after
logged("after errors");
//// inline id=inline-module-2 type=module
log("second inline module " + document.readyState);
//// inline id=nomodule nomodule
log("nomodule ran");
//// inline id=data type=text/x-template
log("data ran");
//// src id=last
logged("last");
note("currentScript", document.currentScript.getAttribute("id") + " " + document.currentScript.src.endsWith("/probe/events/" + document.currentScript.src.split("/").pop()));
note("title", document.title);
note("URL", [document.URL, document.documentURI, document.baseURI].map((url) => url === location.href));
note("domain", document.domain);
tryout("set domain", () => { document.domain = "www.shop.localhost"; return document.domain });
tryout("set wrong domain", () => { document.domain = "evil.example" });
note("parent", parent === window);
note("window", [self === window, frames === window, opener, frameElement, name, length, origin === location.origin, self.origin === location.origin]);
note("defaultView", document.defaultView === window);
note("hidden", document.hidden + " " + document.visibilityState);
note("viewport", [innerWidth, innerHeight, document.documentElement.clientWidth, document.documentElement.clientHeight]);
note("scroll", [scrollX, scrollY, pageXOffset, pageYOffset, document.documentElement.scrollTop]);
note("screen", [screen.width, screen.height, outerWidth, outerHeight, devicePixelRatio, screenX, screenY]);
note("media", ["(min-width:600px)", "(max-width: 600px)", "(min-width: 30em) and (max-height: 2000px)", "screen and (orientation: landscape)", "not all and (max-width:700px)", "(400px <= width <= 5000px)", "(width > 5000px), (height < 100px)", "(prefers-color-scheme: dark)", "print", "(min-aspect-ratio: 1/1)", "(width: 1px)"].map((q) => matchMedia(q).matches));
note("media text", matchMedia("(min-width:600px)").media);
tryout("media list", () => matchMedia("(min-width:600px)") instanceof MediaQueryList);
tryout("dialogs", () => String(typeof alert) + typeof confirm + typeof prompt + typeof print);
for (const [name, act] of Object.entries({
  "permissions": () => navigator.permissions.query({ name: "geolocation" }).then((status) => typeof status.state),
  "notification": () => typeof Notification.permission,
  "beacon": () => navigator.sendBeacon(VENDOR + "/beacon", "x"),
})) attempt(name, act);
(async () => {
  await until(() => order.includes("pageshow false"));
  let frames = 0, timers = 0;
  requestAnimationFrame(function again() { if (++frames < 5) requestAnimationFrame(again) });
  const id = setInterval(() => { if (++timers === 5) clearInterval(id) }, 1);
  await until(() => frames === 5 && timers === 5);
  note("frames and timers", frames + " " + timers);
  let cancelled = 0; const frame = requestAnimationFrame(() => cancelled++); cancelAnimationFrame(frame);
  setTimeout("window.fromText = 1"); await until(() => window.fromText); note("a timer of text", window.fromText);
  let args; setTimeout((...given) => { args = given }, 0, 1, "two"); await until(() => args); note("arguments of a timer", args);
  addEventListener("load", () => log("a load too late"));
  await new Promise((go) => setTimeout(go, 150));
  note("cancelled", cancelled);
  note("order", order);
  note("a late async script", heldAt + " " + window.heldHeard);
  note("scroll height", document.documentElement.scrollHeight === document.body.scrollHeight && document.documentElement.scrollHeight > 2000);
  finish();
})();
