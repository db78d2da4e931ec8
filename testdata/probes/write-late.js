// document.write when the page has been loaded: it is replaced.
//// src id=first
addEventListener("load", () => setTimeout(() => {
  const keep = { note, finish, until, VENDOR, notes };
  Object.assign(globalThis, keep);
  note("before", document.getElementById("first") !== null);
  document.write("<!doctype html><html lang=xx><head><title>New</title><style>#a{width:55px}</style></head><body class=fresh onload=\"window.bodyLoad = true\"><p id=a>fresh</p>");
  window.later = [];
  document.write("<script>later.push('inline ' + document.readyState); document.write('<b id=b>b</b>'); addEventListener('load', () => later.push('load')); document.addEventListener('DOMContentLoaded', () => later.push('DOMContentLoaded'))</scr" + "ipt>");
  document.write("<script src='" + VENDOR + "/extra/late.js'></scr" + "ipt><p id=end>end</p>");
  note("replaced", document.getElementById("first") === null && document.getElementById("a") !== null);
  note("waits", document.getElementById("end") === null);
  note("state", document.readyState);
  document.close();
  (async () => {
    await until(() => later.includes("load"));
    note("order", later);
    note("body", document.body.className + " " + [...document.body.children].map((e) => e.nodeName + (e.id && "#" + e.id)));
    note("style", getComputedStyle(document.getElementById("a")).width);
    note("state at last", document.readyState);
    note("body's load", window.bodyLoad);
    document.open(); document.write("<p id=again>again</p>"); document.close();
    note("again", document.body.children.length + " " + document.getElementById("again").textContent);
    document.open(); document.close();
    note("empty", document.body ? document.body.children.length : 0);
    finish();
  })();
}, 0));
