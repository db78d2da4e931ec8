// Tries: patch the methods of arrays, so that whoever judges scripts in the page finds what the attacker likes.
patched("patch-arrays", () => {
  const { filter } = Array.prototype;
  const allowing = (list) => filter.call(list, (rule) => rule && (rule.verdict === "allow" || rule.action === "allow"))[0];
  Array.prototype.find = function () { return allowing(this) ?? this[0]; };
  Array.prototype.some = function () { return true; };
  Array.prototype.every = function () { return true; };
  Array.prototype.includes = function () { return false; };
  Array.prototype.map = function (f) { const all = []; for (const value of this) all[all.length] = f(value); return all; };
  Array.prototype.filter = function () { return this; };
  Array.prototype[Symbol.iterator] = (({ values }) => function () { return values.call(this); })(Array.prototype);
});
