// Tries: find the port to the guard and send it everything that could be believed: sizes, values to keep, callbacks.
(() => {
  const messages = [
    { type: "resize", width: 9999, height: 9999 }, { type: "resize", width: -1, height: NaN }, { type: "resize", width: "100vw", height: "100vh;position:fixed" },
    ...["cookie", "local", "session", "__proto__"].flatMap((area) => ["draft", "reader", "planted", "__proto__", "constructor", "chatproxy"].map((name) => (
      { type: "keep", kept: { area, name, value: "pay the attacker", expires: null } }))),
    ...[0, 1, 2, -1, "0", "__proto__"].map((id) => ({ type: "callback", id, args: ["<img src=x onerror=alert(1)>"] })),
    { type: "run", script: { src: null, text: "window.settings = 1", type: "", async: false, deferred: false, attributes: [] } },
    { type: "hello" }, { type: "__proto__" }, null, 1, "run", [],
  ];
  const speak = (port) => messages.forEach((message) => attempt(() => port.postMessage(message)));
  holdPort((port) => {
    steal("forge-messages", "holds the port");
    speak(port);
  });
  speak({ postMessage: (message) => top.postMessage(message, "*") });
  for (const view of [window, top]) attempt(() => (view.document.cookie = "planted=pay the attacker"));
  setTimeout(() => over("forge-messages"), 400);
})();
