// Tries: grow its own frame over the page, by sizes that it claims and by the window's own methods.
afterLoad(() => {
  const cover = document.createElement("div");
  cover.style.cssText = "position:fixed;inset:0;z-index:2147483647;background:white;width:100vw;height:100vh";
  document.body.append(cover);
  const claim = (port) => {
    for (const [width, height] of [[100000, 100000], [5000, 5000], [1e5, 99999]]) attempt(() => port.postMessage({ type: "resize", width, height }));
  };
  holdPort(claim);
  claim({ postMessage: (message) => top.postMessage(message, "*") });
  for (const view of [window, top]) {
    attempt(() => view.resizeTo(1, 1));
    attempt(() => view.moveTo(2000, 2000));
    attempt(() => (view.frameElement.style.cssText = "position:fixed;inset:0;width:100vw;height:100vh"));
    attempt(() => view.scrollTo(0, 5000));
  }
  setTimeout(() => over("grow-frame"), 300);
});
