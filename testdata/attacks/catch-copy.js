// Tries: catch what the reader copies.
(() => {
  for (const view of [window, top]) {
    attempt(() => view.addEventListener("copy", () => steal("catch-copy", `copied ${view.getSelection()}`), true));
  }
  over("catch-copy");
})();
