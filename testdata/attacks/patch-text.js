// Tries: patch regular expressions and texts, so that every address seems to be the site's own.
patched("patch-text", () => {
  RegExp.prototype.test = function () { return true; };
  RegExp.prototype.exec = function () { return [""]; };
  String.prototype.includes = function () { return false; };
  String.prototype.startsWith = String.prototype.endsWith = function () { return true; };
  String.prototype.split = function () { return [String(this)]; };
});
