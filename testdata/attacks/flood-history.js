// Tries: fill the history, so that the way back is buried, from its own window and from a frame that nobody has prepared.
afterLoad(async () => {
  await over("flood-history");
  const frame = document.createElement("iframe");
  frame.srcdoc = "<script>for (let i = 0; i < 30; i++) { try { history.pushState(i, '') } catch {} location.hash = i }<\/script>";
  document.documentElement.append(frame);
  for (const view of [window, top]) {
    for (let i = 0; i < 30; i++) attempt(() => view.history.pushState(i, ""));
    for (let i = 0; i < 30; i++) attempt(() => (view.location.hash = `buried-${i}`));
  }
});
