// Tries: see where the reader goes from the page, by the Navigation API and by clicks.
// Engines: chromium firefox – WebKitGTK 2.50 has no Navigation API.
// Lacks: !("navigation" in window)
(() => {
  for (const view of [window, top]) {
    attempt(() => view.navigation.addEventListener("navigate", (event) => steal("intercept-navigation", `goes to ${event.destination.url}`)));
  }
  over("intercept-navigation");
})();
