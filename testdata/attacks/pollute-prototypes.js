// Tries: pollute the page's prototypes, directly and by objects in messages.
(() => {
  const text = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"type":"keep","kept":{"__proto__":{"polluted":1},"area":"local","name":"__proto__","value":"polluted","expires":null}}`;
  const messages = () => [
    JSON.parse(text), { ...JSON.parse(text), type: "callback", id: 0, args: [JSON.parse(text), ["object", "__proto__", ["object", "polluted", 1]]] },
    { type: "keep", kept: { area: "__proto__", name: "polluted", value: "1", expires: null } },
    Object.defineProperty({ type: "resize", width: 1, height: 1 }, "__proto__", { value: { polluted: 1 }, enumerable: true }),
  ];
  const speak = (post) => messages().forEach((message) => attempt(() => post(message)));
  speak((message) => top.postMessage(message, "*"));
  holdPort((port) => speak((message) => port.postMessage(message)));
  for (const view of [window, parent, top]) attempt(() => (view.Object.prototype.polluted = 1));
  setTimeout(() => over("pollute-prototypes"), 300);
})();
