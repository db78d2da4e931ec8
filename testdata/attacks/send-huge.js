// Tries: send messages so large that the page stands still or breaks.
(() => {
  const text = "x".repeat(8 << 20);
  let deep = ["list"];
  for (let i = 0; i < 20_000; i++) deep = ["list", deep];
  const wide = Array.from({ length: 500_000 }, (_, i) => i);
  const messages = [
    { type: "keep", kept: { area: "local", name: "draft", value: text, expires: null } }, { type: "keep", kept: { area: "local", name: text, value: "", expires: null } },
    { type: "callback", id: 1, args: [deep] }, { type: "callback", id: 1, args: wide }, { type: "callback", id: 1, args: [text, text] }, { type: "resize", width: 1, height: 1, text },
  ];
  const speak = (post) => messages.forEach((message) => attempt(() => post(message)));
  holdPort((port) => speak((message) => port.postMessage(message)));
  for (const view of [window, top]) attempt(() => { for (let i = 0; i < 64; i++) view.localStorage[`huge-${i}`] = text.slice(0, 1 << 18); });
  afterLoad(() => {
    speak((message) => top.postMessage(message, "*"));
    setTimeout(() => over("send-huge"), 500);
  });
})();
