// Tries: read the site's cookies, and ask for storage access to do so.
(async () => {
  const look = () => {
    for (const view of [window, top]) steal("read-cookies", attempt(() => view.document.cookie));
    steal("read-cookies", attempt(() => Object.getOwnPropertyDescriptor(Document.prototype, "cookie").get.call(document)));
  };
  look();
  await Promise.race([document.requestStorageAccess?.().catch(() => {}), new Promise((done) => setTimeout(done, 300))]);
  look();
  over("read-cookies");
})();
