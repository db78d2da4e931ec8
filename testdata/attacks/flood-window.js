// Tries: keep the page busy with messages to its window.
afterLoad(() => {
  const list = Array.from({ length: 100 }, (_, i) => ({ i }));
  for (let i = 0; i < 60_000; i++) attempt(() => top.postMessage(list, "*"));
  over("flood-window");
});
