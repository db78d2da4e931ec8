// Tries: watch the page for what is added to it later.
(() => {
  for (const view of [window, top]) {
    attempt(() =>
      new MutationObserver((records) => {
        for (const { target } of records) steal("observe-changes", target.textContent);
      }).observe(view.document, { childList: true, subtree: true, characterData: true }),
    );
  }
  over("observe-changes");
})();
