// Tries: read the addresses that the page has asked for, with the tokens in them.
(() => {
  const tell = (entries) => entries.forEach((entry) => steal("read-performance", entry.name));
  for (const view of [window, top]) {
    attempt(() => tell(view.performance.getEntries()));
    attempt(() => new view.PerformanceObserver((list) => tell(list.getEntries())).observe({ type: "resource", buffered: true }));
  }
  over("read-performance");
})();
