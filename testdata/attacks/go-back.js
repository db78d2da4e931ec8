// Tries: take the page away by going back in its history, from its own window and from a frame that nobody has prepared.
afterLoad(async () => {
  await over("go-back");
  for (const view of [window, top]) {
    for (const way of [() => view.history.back(), () => view.history.go(-1), () => view.navigation.back()]) attempt(way);
  }
  const frame = document.createElement("iframe");
  frame.srcdoc = "<script>history.go(-1)<\/script>";
  document.documentElement.append(frame);
});
