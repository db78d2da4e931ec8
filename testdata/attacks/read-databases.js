// Tries: read the site's IndexedDB.
(async () => {
  const rows = (indexedDB) => new Promise((done, fail) => {
    const request = indexedDB.open("letters");
    request.onerror = () => fail(request.error);
    request.onsuccess = () => {
      const all = request.result.transaction("kept").objectStore("kept").getAll();
      all.onsuccess = () => done(all.result);
    };
  });
  for (const view of [window, top]) {
    try {
      steal("read-databases", await Promise.race([rows(view.indexedDB), new Promise((done) => setTimeout(done, 500))]));
    } catch (error) {
      steal("read-databases", String(error));
    }
  }
  over("read-databases");
})();
