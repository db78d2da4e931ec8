// Tries: lie unseen over a button of the page and take the reader's click.
afterLoad(() => {
  const veil = document.createElement("div");
  veil.style.cssText = "position:fixed;inset:0;z-index:2147483647;opacity:0";
  document.documentElement.append(veil);
  for (const view of [window, top]) attempt(() => view.addEventListener("click", (event) => steal("steal-click", `a click at ${event.clientX},${event.clientY}`), true));
  over("steal-click");
});
