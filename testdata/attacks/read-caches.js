// Tries: read what the site keeps in its caches.
(async () => {
  for (const view of [window, top]) {
    try {
      steal("read-caches", await (await view.caches.match("/private", { ignoreVary: true })).text());
    } catch (error) {
      steal("read-caches", String(error));
    }
  }
  over("read-caches");
})();
