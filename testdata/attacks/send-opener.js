// Tries: open a window by a click in its frame, and from there send the page to a false log-in.
(() => {
  addEventListener("click", () => setTimeout(() => window.open(`${CDN}/attacks/false-opened.html`), 200), { capture: true, once: true });
  over("send-opener");
})();
