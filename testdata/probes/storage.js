// localStorage and sessionStorage.
//// src
for (const [name, area] of [["local", localStorage], ["session", sessionStorage]]) {
  const t = (label, act) => tryout(name + ": " + label, act);
  area.clear();
  t("class", () => area instanceof Storage);
  t("string", () => String(area));
  t("tag", () => Object.prototype.toString.call(area));
  t("length", () => area.length);
  t("missing", () => area.getItem("x"));
  t("missing as a property", () => area.x);
  t("setItem returns", () => area.setItem("x", 1));
  t("value is a string", () => typeof area.getItem("x") + area.x);
  t("property set", () => { area.y = { toString: () => "object" }; return area.getItem("y") });
  t("in", () => ("x" in area) + " " + ("zz" in area) + " " + ("getItem" in area));
  t("hasOwn", () => Object.prototype.hasOwnProperty.call(area, "x") + " " + Object.prototype.hasOwnProperty.call(area, "getItem") + " " + area.hasOwnProperty("y"));
  t("keys", () => Object.keys(area).sort());
  t("entries", () => Object.entries(area).sort());
  t("for in", () => { const found = []; for (const key in area) found.push(key); return found.sort() });
  t("JSON", () => Object.keys(JSON.parse(JSON.stringify(area))).sort());
  t("spread", () => Object.keys({ ...area }).sort());
  t("descriptor", () => Object.getOwnPropertyDescriptor(area, "x"));
  t("key", () => [area.key(0), area.key(1)].sort());
  t("key beyond", () => area.key(2) + " " + area.key(-1));
  t("key converts", () => area.key("0") === area.key(0) && area.key(NaN) === area.key(0) && area.key(4294967296) === area.key(0));
  t("delete", () => { const done = delete area.x; return done + " " + area.x + " " + area.length });
  t("delete missing", () => delete area.nothing);
  t("null and undefined", () => { area.setItem(null, undefined); return area.getItem("null") });
  t("empty key", () => { area.setItem("", "empty"); return area[""] + " " + area.getItem("") });
  t("unicode", () => { area.setItem("ü\ud83d\ude00\0", "ä\ud800"); return area.getItem("ü\ud83d\ude00\0") === "ä\ud800" });
  t("numeric", () => { area[5] = "five"; return area.getItem("5") + area[5] });
  t("prototype call", () => { Storage.prototype.setItem.call(area, "p", "q"); return Storage.prototype.getItem.call(area, "p") });
  t("wrong this", () => Storage.prototype.getItem.call({}, "x"));
  t("item with a method's name", () => { area.setItem("getItem", "mine"); return typeof area.getItem + " " + area.getItem("getItem") });
  t("keys without it", () => Object.keys(area).includes("getItem"));
  t("item named length", () => { area.setItem("length", "mine"); return typeof area.length + " " + area.getItem("length") });
  t("item named __proto__", () => { area.setItem("__proto__", "mine"); return area.getItem("__proto__") + " " + (Object.getPrototypeOf(area) === Storage.prototype) });
  t("item named toString", () => { area.setItem("toString", "mine"); return typeof area.toString });
  t("symbol", () => { const key = Symbol("s"); area[key] = 1; return area[key] + " " + area.length });
  t("delete a method's name", () => (delete area.getItem) + " " + area.getItem("getItem"));
  t("defineProperty", () => { Object.defineProperty(area, "defined", { value: 3, configurable: true, enumerable: true, writable: true }); return area.getItem("defined") });
  // It ends WebKitGTK's process.
  if (/Chrome|Firefox/.test(navigator.userAgent)) t("freeze", () => Object.freeze(area) === area);
  t("setItem of one", () => area.setItem("x"));
  t("getItem of none", () => area.getItem());
  t("removeItem", () => { area.removeItem("y"); area.removeItem("y"); return area.getItem("y") });
  t("removeItem of none", () => area.removeItem());
  t("key of none", () => area.key());
  t("overwrite", () => { area.setItem("o", "1"); area.setItem("o", "2"); return area.o });
  t("assign", () => { Object.assign(area, { as: "signed" }); return area.as });
  t("reflect", () => Reflect.set(area, "re", "flected") + " " + Reflect.has(area, "re") + " " + Reflect.deleteProperty(area, "re") + " " + area.re);
  t("heir", () => { const heir = Object.create(area); heir.q = 1; return Object.keys(heir) });
  t("clear", () => { area.clear(); return area.length + " " + Object.keys(area).length });
  t("quota", () => {
    try { area.setItem("big", "x".repeat(6 << 20)) } catch (error) {
      return error.name + " " + (error instanceof DOMException) + " " + error.code + " " + error.constructor.name + " " + area.length;
    }
    return "fits";
  });
  t("below it", () => { area.setItem("big", "x".repeat(2 << 20)); return area.getItem("big").length });
  t("in sum", () => { try { for (let i = 0; i < 10; i++) area.setItem("big" + i, "x".repeat(1 << 20)) } catch (error) { return error.name } return "fits" });
  t("after it", () => { area.clear(); area.setItem("x", "1"); return area.length });
  area.clear();
}
tryout("same object", () => localStorage === localStorage && window.localStorage === localStorage && localStorage !== sessionStorage);
tryout("assignment to it", () => { window.localStorage = 1; return typeof localStorage });
tryout("in window", () => "localStorage" in window);
tryout("new", () => new Storage());
tryout("own events", () => { let events = 0; addEventListener("storage", () => events++); localStorage.setItem("e", "1"); localStorage.clear(); return events });
finish();
