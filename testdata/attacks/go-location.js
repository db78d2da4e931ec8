// Tries: send the page to a false log-in by top.location.
afterLoad(() => {
  const url = `${CDN}/attacks/false-frame.html?location`;
  for (const go of [() => (top.location = url), () => (top.location.href = url), () => top.location.replace(url), () => top.location.assign(url), () => (parent.location.hash = "x")]) attempt(go);
  over("go-location");
});
