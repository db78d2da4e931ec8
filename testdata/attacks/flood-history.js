// Tries: fill the history, so that the way back is buried.
afterLoad(() => {
  for (const view of [window, top]) {
    for (let i = 0; i < 30; i++) attempt(() => view.history.pushState(i, ""));
    for (let i = 0; i < 30; i++) attempt(() => (view.location.hash = `buried-${i}`));
  }
  setTimeout(() => over("flood-history"), 200);
});
