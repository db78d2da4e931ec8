// Tries: patch Map, Set, WeakMap, JSON and Promise, in which a guard keeps what it knows.
patched("patch-maps", () => {
  for (const kind of [Map, WeakMap, Set, WeakSet]) {
    for (const name of ["get", "has", "set", "add"]) {
      const own = kind.prototype[name];
      if (own) kind.prototype[name] = function (key, value) { return name === "has" ? true : own.call(this, key, value); };
    }
  }
  const { parse } = JSON;
  JSON.parse = (text) => (String(text).includes("compartments") ? { rules: [], default: "allow", compartments: {} } : parse(text));
  const { then } = Promise.prototype;
  Promise.prototype.then = function (done, failed) { return then.call(this, done, failed); };
});
