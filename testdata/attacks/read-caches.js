// Tries: read what the site keeps in its caches.
(async () => {
  for (const view of [window, top]) {
    try {
      let found;
      for (let i = 0; i < 30 && !found; i++) {
        found = await view.caches.match("/private");
        if (!found) await new Promise((done) => setTimeout(done, 50));
      }
      steal("read-caches", await found.text());
    } catch (error) {
      steal("read-caches", String(error));
    }
  }
  over("read-caches");
})();
