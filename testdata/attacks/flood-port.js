// Tries: keep the page busy with messages over the port to the guard, or to the page's window where there is none.
(() => {
  const kept = { area: "local", name: "kept_flood-port", value: "x".repeat(40), expires: null };
  let begun = false;
  const flood = (post, way) => {
    if (begun) return;
    begun = true;
    steal("flood-port", `has ${way}`);
    for (let i = 0; i < 80_000; i++) {
      post({ type: "keep", kept: { ...kept, value: kept.value + i } });
      post({ type: "resize", width: i % 300, height: i % 300 });
      post({ type: "callback", id: i, args: [i] });
    }
    over("flood-port");
  };
  holdPort((port) => setTimeout(flood, 200, (message) => port.postMessage(message), "a way"));
  afterLoad(() => top === self && flood((message) => top.postMessage(message, "*"), "a way"));
})();
