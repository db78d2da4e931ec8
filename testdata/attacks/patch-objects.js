// Tries: put getters and setters on Object.prototype for the names that a judge's answer would have.
patched("patch-objects", () => {
  const give = (name, value) => Object.defineProperty(Object.prototype, name, { configurable: true, get: () => value, set(own) { Object.defineProperty(this, name, { value: own, configurable: true, enumerable: true, writable: true }); } });
  give("unknown", false);
  give("doubtful", false);
  give("origin", undefined);
  give("query", undefined);
  give("allow", "allow");
  give("strip", undefined);
  give("then", undefined);
});
