// Tries: learn from storage events what other documents of the site keep.
(() => {
  for (const view of [window, top]) {
    attempt(() => view.addEventListener("storage", (event) => steal("watch-storage", `${event.key} is ${event.newValue}`)));
  }
  over("watch-storage");
})();
