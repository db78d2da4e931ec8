// Tries: plant a cookie on the site, so that the next log-in is under the attacker's session.
for (const view of [window, top]) {
  attempt(() => (view.document.cookie = "planted=attacker; path=/"));
  attempt(() => Object.getOwnPropertyDescriptor(view.Document.prototype, "cookie").set.call(view.document, "planted=attacker; path=/"));
}
attempt(() => cookieStore.set("planted", "attacker").catch(() => {}));
over("plant-cookie");
