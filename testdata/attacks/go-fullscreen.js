// Tries: take the whole screen when the reader clicks.
(() => {
  const take = () => attempt(() => document.documentElement.requestFullscreen().then(() => steal("go-fullscreen", "has the screen"), (e) => steal("go-fullscreen", e)));
  for (const view of [window, top]) attempt(() => view.addEventListener("click", take, true));
  over("go-fullscreen");
})();
