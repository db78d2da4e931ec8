// Tries: become of the page's origin by document.domain, and read it.
(() => {
  for (const domain of [location.hostname, new URL(location.href).hostname, "localhost", ""]) {
    attempt(() => (document.domain = domain));
    attempt(() => Object.getOwnPropertyDescriptor(Document.prototype, "domain").set.call(document, domain));
    steal("relax-domain", attempt(() => top.document.body.textContent));
  }
  over("relax-domain");
})();
