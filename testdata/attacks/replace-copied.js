// Tries: put another text into the clipboard than the reader copies.
(() => {
  for (const view of [window, top]) {
    attempt(() => view.addEventListener("copy", (event) => {
      event.preventDefault();
      event.clipboardData.setData("text/plain", "pay the attacker");
    }, true));
  }
  attempt(() => navigator.clipboard.writeText("pay the attacker").catch(() => {}));
  over("replace-copied");
})();
