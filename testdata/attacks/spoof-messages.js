// Tries: speak to the page as if it were the page's own frame.
afterLoad(() => {
  for (let i = 0; i < 5; i++) {
    attempt(() => top.postMessage("pay the attacker", "*"));
    attempt(() => parent.postMessage({ chatproxy: "hello", type: "run" }, "*"));
    attempt(() => top.dispatchEvent(new MessageEvent("message", { data: "pay the attacker", origin: location.origin, source: top })));
    attempt(() => new MessageEvent("message", { data: "pay", origin: new URL(location.href).origin, source: top }));
  }
  over("spoof-messages");
});
