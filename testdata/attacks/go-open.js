// Tries: send the page to a false log-in by window.open with its name or _top.
afterLoad(() => {
  for (const name of ["_top", "_parent", "name-0a4e"]) attempt(() => window.open(`${CDN}/attacks/false-frame.html?open`, name));
  over("go-open");
});
