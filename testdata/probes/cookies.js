// document.cookie: limits, order and prefixes.
//// src
const set = (text) => { document.cookie = text };
const read = (label) => note(label, document.cookie);
read("empty");
set("a=1"); set("b=2"); read("two");
set("a=3; path=/shop/probe"); read("default path is the folder");
set("a=4; path=/"); set("c=5; path=/shop"); set("d=6; path=/shop/probe/cookies"); read("longest path first");
set("a=; max-age=0"); set("a=; max-age=0; path=/"); set("d=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/shop/probe/cookies"); read("deleted");
set("b=; max-age=0"); set("c=; max-age=0; path=/shop"); read("all deleted");
const size = (label, name, value) => { set(name + "=" + value); note(label, document.cookie.length); set(name + "=; max-age=0") };
size("4096 bytes", "n", "v".repeat(4095));
size("4097 bytes", "n", "v".repeat(4096));
size("4096 bytes of UTF-8", "n", "ü".repeat(2047) + "v");
size("4097 bytes of UTF-8", "n", "ü".repeat(2048));
size("long name", "n".repeat(4000), "v".repeat(96));
set("path=long; path=/" + "x".repeat(1100)); read("an attribute beyond 1024 bytes is as none"); set("path=; max-age=0");
set("nothing"); read("a value without a name"); set("=; max-age=0"); set("nothing; max-age=0"); read("and without it");
set(""); set("="); set(" ; path=/"); read("nothing at all");
set("h=1; HttpOnly"); read("HttpOnly");
set("s=1; Secure"); read("Secure"); set("s=1; max-age=0; Secure");
set("n=1; SameSite=None"); read("SameSite=None alone"); set("n=1; max-age=0");
for (const prefix of ["__Host-", "__Secure-", "__HOST-", "__secure-", "__Http-", "__Host-Http-"]) {
  for (const attributes of ["", "; Secure", "; Secure; Path=/", "; Secure; Path=/shop", "; Secure; Path=/; Domain=www.shop.localhost"]) {
    set(prefix + "p=1" + attributes); read(prefix + attributes); set(prefix + "p=; max-age=0" + attributes);
    set("=" + prefix + "p=1" + attributes); read("value " + prefix + attributes); set("=; max-age=0" + attributes);
  }
}
read("after the prefixes");
for (const code of [0, 1, 8, 9, 10, 13, 31, 127]) {
  set("x" + String.fromCharCode(code) + "y=1"); read("control character " + code); set("x\ty=; max-age=0"); set("x=; max-age=0"); set("xy=; max-age=0");
}
read("after them");
set("u=\ud800x"); read("half a surrogate pair"); set("u=; max-age=0");
set(undefined); set(null); set(12); set({ toString: () => "o=1" }); read("what is no string");
for (const name of ["undefined", "null", "12", ""]) { set(name + "=; max-age=0"); set("=; max-age=0") }
set("o=; max-age=0"); read("and without");
set("k1=1"); set("k2=1"); set("k1=1; secure"); read("overwritten with the same value"); set("k1=; max-age=0"); set("k2=; max-age=0");
for (let i = 0; i < 200; i++) set("many" + i + "=" + i);
const many = document.cookie.split("; ");
note("many cookies: there is a limit", many.length <= 200);
note("many cookies: at least fifty", many.length >= 50);
note("many cookies: the last is there", many.includes("many199=199"));
for (let i = 0; i < 200; i++) set("many" + i + "=; max-age=0");
read("after many");
note("descriptor", Object.getOwnPropertyNames(document).includes("cookie") + " " + ("cookie" in Document.prototype));
set("soon=1; max-age=1");
read("soon");
(async () => { await until(() => !document.cookie); read("and later"); finish() })();
