// Tries: keep the page busy with messages, by every way to it.
(() => {
  const kept = { area: "local", name: "kept_flood-messages", value: "x".repeat(40), expires: null };
  const flood = (post) => {
    for (let i = 0; i < 60_000; i++) {
      post({ type: "keep", kept: { ...kept, value: kept.value + i } });
      post({ type: "resize", width: i % 300, height: i % 300 });
      post({ type: "callback", id: i, args: [i] });
    }
  };
  let port = null;
  holdPort((found) => (port = found));
  afterLoad(() => {
    attempt(() => flood((message) => top.postMessage(message, "*")));
    if (port) attempt(() => flood((message) => port.postMessage(message)));
    over("flood-messages");
  });
})();
