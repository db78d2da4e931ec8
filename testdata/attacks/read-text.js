// Tries: read the text and the markup of the page, of the window above and of the topmost one.
for (const view of [window, parent, top, window.opener]) {
  steal("read-text", attempt(() => view.document.body.innerText));
  steal("read-text", attempt(() => view.document.documentElement.outerHTML));
}
over("read-text");
