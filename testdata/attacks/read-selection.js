// Tries: read what the reader selects.
(() => {
  for (const view of [window, top]) {
    attempt(() => view.document.addEventListener("selectionchange", () => steal("read-selection", view.getSelection())));
  }
  over("read-selection");
})();
