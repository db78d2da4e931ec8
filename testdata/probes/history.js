// The session history.
//// src
(async () => {
  const before = history.length;
  const start = location.href;
  const events = [];
  addEventListener("popstate", (event) => events.push("popstate " + JSON.stringify(event.state)));
  addEventListener("hashchange", (event) => events.push("hashchange " + event.oldURL.slice(start.length) + " to " + event.newURL.slice(start.length)));
  const where = () => location.pathname + location.search + location.hash + " " + JSON.stringify(history.state);
  const told = async (label, count) => { await until(() => events.length >= count); note(label, events.splice(0)) };
  note("at first", where());
  tryout("push", () => { history.pushState({ n: 1, deep: { a: [1] } }, "", "?one"); return where() });
  tryout("length", () => history.length - before);
  tryout("replace", () => { history.replaceState({ n: 2 }, "", "?two"); return where() });
  tryout("length after replace", () => history.length - before);
  tryout("no URL", () => { history.pushState("text", ""); return where() });
  tryout("null URL", () => { history.replaceState(7, "", null); return where() });
  tryout("hash", () => { history.pushState(null, "", "#part"); return where() });
  tryout("path", () => { history.pushState({ path: 1 }, "", "/shop/probe/other/path?q#h"); return where() });
  tryout("document.URL", () => new URL(document.URL).pathname + " " + new URL(document.documentURI).search + " " + new URL(document.baseURI).hash);
  tryout("relative", () => { history.pushState(null, "", "more"); return new URL(document.URL).pathname });
  tryout("another origin", () => history.pushState(null, "", "https://evil.example/"));
  tryout("no URL at all", () => history.pushState(null, "", "https://:x"));
  tryout("a function as state", () => history.pushState({ f() {} }, ""));
  tryout("one argument", () => history.pushState(null));
  tryout("state is a copy", () => { const state = { a: 1 }; history.replaceState(state, ""); state.a = 2; return history.state });
  history.back(); await told("back", 1); note("is at", new URL(document.URL).pathname + " " + JSON.stringify(history.state));
  history.back(); await told("back twice", 1); note("is then at", where());
  history.forward(); await told("forth", 1); note("is again at", new URL(document.URL).pathname + " " + JSON.stringify(history.state));
  history.go(-2); await told("two back", 1); note("is now at", where());
  tryout("push cuts what is ahead", () => { history.pushState(null, "", "?cut"); return history.length - before });
  history.go(5); history.go(0 - 0.2 | 0 || 7); await new Promise((go) => setTimeout(go, 200)); note("beyond", where());
  history.replaceState(null, "", start);
  tryout("scrollRestoration", () => history.scrollRestoration);
  tryout("class", () => history instanceof History);
  finish();
})();
