// Tries: open a window of the attacker's when the reader clicks anywhere in the page, and without any click.
(() => {
  const open = () => attempt(() => window.open(`${CDN}/attacks/false-window.html`));
  const later = () => setTimeout(open, 200);
  open();
  for (const view of [window, top]) attempt(() => view.addEventListener("click", later, { capture: true, once: true }));
  over("open-window");
})();
