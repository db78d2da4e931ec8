// Tries: send the page to a false log-in on a click in its frame: from there, and from the window that the click opens.
(() => {
  const url = `${CDN}/attacks/false-frame.html?clicked`;
  const go = () => {
    window.open(`${CDN}/attacks/false-opened.html`);
    setTimeout(() => {
      attempt(() => (top.location = url));
      attempt(() => window.open(url, "_top"));
    }, 700);
  };
  addEventListener("click", () => setTimeout(go, 200), { capture: true, once: true });
  over("send-opener");
})();
