// Tries: put a false page into the site's caches.
(async () => {
  for (const view of [window, top]) {
    try {
      await (await view.caches.open("pages")).put("/inbox", new Response("a false page"));
    } catch {}
  }
  over("poison-caches");
})();
