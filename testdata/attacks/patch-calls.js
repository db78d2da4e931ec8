// Tries: patch call, apply, bind and Reflect, through which careful code calls what it has kept.
patched("patch-calls", () => {
  const { apply } = Reflect;
  const { test } = RegExp.prototype;
  Reflect.apply = (f, self, args) => (f === test ? true : apply(f, self, args));
  Function.prototype.call = function (self, ...args) { return this === test ? true : apply(this, self, args); };
  Function.prototype.apply = function (self, args) { return this === test ? true : apply(this, self, args ?? []); };
  const { bind } = Function.prototype;
  Function.prototype.bind = function (...args) { return this === test ? () => true : apply(bind, this, args); };
  Object.hasOwn = () => true;
});
