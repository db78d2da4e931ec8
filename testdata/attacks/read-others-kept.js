// Tries: read what another vendor's script keeps: its global, its cookie, its storage.
afterLoad(() => {
  for (const view of [window, top, ...Array.from({ length: top.length }, (_, i) => top[i])]) {
    steal("read-others-kept", attempt(() => view.visitor));
    steal("read-others-kept", attempt(() => view.document.cookie));
    steal("read-others-kept", attempt(() => view.localStorage.ga_id));
  }
  over("read-others-kept");
});
