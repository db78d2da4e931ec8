// Tries: frame the page itself and read it there.
afterLoad(async () => {
  const page = location.pathname;
  for (const url of [page, `${page}?chatproxy-compartment=good-vendor`, `${page}?chatproxy-compartment=`]) {
    const frame = document.createElement("iframe");
    const loaded = new Promise((done) => { frame.onload = done; setTimeout(done, 700) });
    frame.src = url;
    document.body.append(frame);
    await loaded;
    steal("frame-page", attempt(() => frame.contentDocument.body.textContent));
    steal("frame-page", attempt(() => frame.contentWindow.theirs && "its globals"));
  }
  over("frame-page");
});
