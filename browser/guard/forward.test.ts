import { equal, holds, test } from "../testing/testing";
import { forwardCalls } from "./forward";

/** The page's global object, and what runs a script in it as a script element does. */
const page = globalThis as unknown as Record<string, any>;
page["window"] = globalThis;
const { process } = page as { process: { getBuiltinModule(name: "vm"): { runInThisContext(script: string): unknown } } };
const run = (script: string) => process.getBuiltinModule("vm").runInThisContext(script);

let calls: string[] = [];
const { toString } = Object.prototype;
const passOn = (path: string, args: ArrayLike<unknown>) => {
  const text = (value: unknown): string =>
    Reflect.apply(toString, value, []) === "[object Arguments]" ? `(${Array.from(value as ArrayLike<unknown>, text)})` : (JSON.stringify(value) ?? "undefined");
  calls.push(`${path}(${Array.from(args, text)})`);
};
const passed = (): string[] => {
  const before = calls;
  calls = [];
  return before;
};
const forward = (...paths: string[]) => forwardCalls(paths, passOn);

test("a page that takes what is there", () => {
  forward("a1.push");
  run(`window.a1 = window.a1 || []; a1.push({ event: "x" }, 2); var length1 = a1.length`);
  equal(passed(), ['a1.push({"event":"x"},2)']);
  equal([Array.isArray(page["a1"]), page["a1"], page["length1"]], [true, [{ event: "x" }, 2], 2]);
  equal([Object.keys(page["a1"]), JSON.stringify(page["a1"])], [["0", "1"], '[{"event":"x"},2]']);
});

test("a page that makes it anew: what was in it counts, and once", () => {
  forward("a2.push");
  run(`a2 = [{ page: "home" }]; a2.push({ event: "x" }); var before2 = a2`);
  equal(passed(), ['a2.push({"page":"home"})', 'a2.push({"event":"x"})']);
  run(`window.a2 = a2.concat([{ event: "y" }]); a2.push({ event: "z" }); before2.push({ event: "to the old one" })`);
  equal(passed(), ['a2.push({"event":"y"})', 'a2.push({"event":"z"})', 'a2.push({"event":"to the old one"})']);
  run(`a2 = before2; a2 = window.a2`);
  equal(passed(), []);
});

test("a declaration of the page", () => {
  forward("a3.push");
  run(`var a3 = a3 || []; a3.push(1); var a3 = [2]; a3.push(3)`);
  equal(passed(), ["a3.push(1)", "a3.push(2)", "a3.push(3)"]);
});

test("gtag as its snippet has it", () => {
  const look = forward("dataLayer.push", "gtag");
  run(`window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) } gtag("js", 1); gtag("config", "G-1");`);
  equal(passed(), ['dataLayer.push(("js",1))', 'dataLayer.push(("config","G-1"))']);
  look();
  run(`gtag("event", "x")`);
  equal(passed(), ['gtag("event","x")', 'dataLayer.push(("event","x"))']);
});

test("a function that is declared over the stub: forwarded from the next look on, and called", () => {
  const look = forward("declared");
  run(`var seen5 = []; declared("early"); function declared(x) { seen5.push(x); return "own" }`);
  look();
  look();
  run(`var answer5 = declared("late")`);
  equal(passed(), ['declared("late")']);
  equal([page["seen5"], page["answer5"]], [["early", "late"], "own"]);
});

test("a snippet that looks whether it was there before finds the stub", () => {
  forward("fbq");
  run(`!function (f) { if (f.fbq) return; f.fbq = "the snippet ran" }(window); fbq("init", "1"); fbq("track", "PageView")`);
  equal(passed(), ['fbq("init","1")', 'fbq("track","PageView")']);
  equal(typeof page["fbq"], "function");
});

test("a snippet that brings a queue of its own keeps it", () => {
  forward("q7");
  run(`var n7 = window.q7 = function () { n7.callMethod ? n7.callMethod.apply(n7, arguments) : n7.queue.push(arguments) };
    n7.queue = []; n7.version = "2.0"; q7("track", "x"); q7.loaded = true;`);
  equal(passed(), ['q7("track","x")']);
  equal([page["q7"].version, page["q7"].queue.length, page["n7"].loaded], ["2.0", 1, true]);
});

test("methods of one object, which the page makes or fills", () => {
  forward("t8.track", "t8.page");
  run(`t8.page(); var t8 = window.t8 = window.t8 || []; t8.methods = ["page", "track"];
    t8.methods.forEach((m) => { t8[m] = function () { t8.push([m].concat([].slice.call(arguments))) } });
    t8.track("Buy", { value: 1 });`);
  equal(passed(), ["t8.page()", 't8.track("Buy",{"value":1})']);
  equal(JSON.stringify(page["t8"]), '[["track","Buy",{"value":1}]]');
  run(`t8 = { track() { return this === t8 }, page: null }; var self8 = t8.track("again")`);
  equal([passed(), page["self8"], page["t8"].page], [['t8.track("again")'], true, null]);
});

test("a function that is a parent too, and a longer path", () => {
  forward("f9", "f9.push", "deep9.er.call");
  run(`f9(1); f9.push(2); deep9.er.call(3); deep9 = { er: { call(x) { return x } } }; var got9 = deep9.er.call(4)`);
  equal([passed(), page["got9"]], [["f9(1)", "f9.push(2)", "deep9.er.call(3)", "deep9.er.call(4)"], 4]);
});

test("one path, called through copies of what holds it, is passed on once", () => {
  forward("c10.track");
  run(`c10 = { track() {} }; c10 = { ...c10 }; c10.track(1); window.alias10 = c10; alias10.track(2); var { track } = c10; track(3)`);
  equal(passed(), ["c10.track(1)", "c10.track(2)", "c10.track(3)"]);
});

test("a page that wraps the function has each call passed on once, as it gets through", () => {
  forward("w14.push");
  run(`window.w14 = window.w14 || []; var own14 = w14.push;
    w14.push = function () { return own14.apply(w14, arguments) }; var length14 = w14.push({ event: "x" })`);
  equal([passed(), page["length14"], page["w14"].length], [['w14.push({"event":"x"})'], 1, 1]);
  // Twice, and with something added.
  run(`var own14b = w14.push; w14.push = function (item) { item.added = true; return own14b.call(w14, item) }; w14.push({ event: "y" }); w14.push({ event: "z" })`);
  equal(passed(), ['w14.push({"event":"y","added":true})', 'w14.push({"event":"z","added":true})']);

  forward("fq14");
  run(`var p14 = window.fq14; window.fq14 = function () { return p14.apply(this, arguments) }; fq14("track", "y"); fq14("track", "y")`);
  equal(passed(), ['fq14("track","y")', 'fq14("track","y")']);
  // The older one is still there to be called.
  run(`p14("directly")`);
  equal(passed(), ['fq14("directly")']);
});

test("what a wrapper makes of a call: several, another beside it, none, an error", () => {
  forward("s15.push", "other15");
  run(`s15 = []; var own15 = s15.push; s15.push = function () { for (var i = 0; i < arguments.length; i++) own15.call(s15, arguments[i]) }; s15.push(1, 2)`);
  equal([passed(), page["s15"]], [["s15.push(1)", "s15.push(2)"], [1, 2]]);
  // A call of its own within one is passed on too, after that; and what is outside of both is not lost.
  run(`var inner15 = s15.push; s15.push = function (x) { if (x === "a") s15.push("b"); other15(x); return inner15.call(s15, x) }; s15.push("a")`);
  equal(passed(), ['s15.push("a")', 's15.push("b")', 'other15("b")', 'other15("a")']);
  run(`s15.push = function () { throw new Error("own") }; try { s15.push("c") } catch (error) { var error15 = error.message }; s15.push = function () {}; s15.push("d")`);
  equal([passed(), page["error15"]], [['s15.push("c")', 's15.push("d")'], "own"]);
});

test("what the page has fixed is left, and nothing is thrown", () => {
  run(`Object.defineProperty(window, "fixed11", { value: Object.freeze({ track() { return "own" } }) })`);
  const warn = console.warn;
  const warned: string[] = [];
  console.warn = (text: string) => warned.push(text);
  forward("fixed11.track");
  console.warn = warn;
  equal([run(`fixed11.track(1)`), passed(), warned.length], ["own", [], 1]);
  forward("later11.track");
  console.warn = () => {};
  run(`later11 = Object.freeze({ track() { return "own" } })`);
  console.warn = warn;
  equal(run(`later11.track()`), "own");
});

test("a page that puts nothing there gets nothing", () => {
  forward("n12.push");
  run(`n12 = null; var isNull12 = n12; n12 = "text"; n12 = [1]`);
  equal([page["isNull12"], passed()], [null, ["n12.push(1)"]]);
});

test("prototypes that a library has changed do no harm", () => {
  const look = forward("p13.push", "p13.track");
  const { apply, call } = Function.prototype;
  run(`Function.prototype.apply = Function.prototype.call = () => { throw new Error("replaced") };
    WeakSet.prototype.has = () => true; String.prototype.split = () => [];
    p13 = [1]; p13.push(2); p13.track(3)`);
  look();
  Function.prototype.apply = apply; // Node's own console needs them
  Function.prototype.call = call;
  equal(passed(), ["p13.push(1)", "p13.push(2)", "p13.track(3)"]);
  holds(page["p13"].length === 2, "the page's own push was not called");
});
