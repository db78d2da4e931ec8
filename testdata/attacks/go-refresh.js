// Tries: send the page to a false log-in by a refresh in markup.
afterLoad(async () => {
  await over("go-refresh");
  for (const view of [top, window]) {
    attempt(() => {
      const meta = view.document.createElement("meta");
      meta.httpEquiv = "refresh";
      meta.content = `0;url=${CDN}/attacks/false-frame.html?refresh`;
      view.document.head.append(meta);
    });
  }
});
