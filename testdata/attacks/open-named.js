// Tries: get hold of the page's frame by its name, with window.open.
afterLoad(() => {
  for (const name of ["account", "_parent", "_top"]) steal("open-named", attempt(() => window.open("", name).document.body.textContent));
  over("open-named");
});
