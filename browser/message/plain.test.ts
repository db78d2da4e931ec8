import { dice, equal, holds, show, test } from "../testing/testing";
import { decode, encode, MAX_DEPTH, MAX_TEXT, MAX_VALUES } from "./plain";

/** What a structured clone over a port makes of it. */
const sent = (data: unknown): unknown => structuredClone(data);
const none = () => null;
const over = (...args: unknown[]) => decode(sent(encode(args, none)), none);

test("what scripts pass arrives as it was", () => {
  const args = [
    undefined, null, true, 0, -0, 1.5, NaN, -Infinity, "", "text \u0000\ud800", new Date(86_400_000), new Date(NaN),
    [], [1, [2, [3]]], {}, { a: { b: ["c"] }, "": 1, "list": 2 }, ["list", "arguments"], { 1: "one" },
  ];
  equal(over(...args), args);
});

test("arguments stay arguments, and gtag can tell", () => {
  const called = (function (..._: unknown[]) { return arguments; })("config", "G-1", { send: false });
  const [got] = over(called) ?? [];
  equal(Object.prototype.toString.call(got), "[object Arguments]");
  equal(Array.from(got as ArrayLike<unknown>), ["config", "G-1", { send: false }]);
});

test("what is no plain data becomes null, and harms nothing", () => {
  class Node {
    get [Symbol.toStringTag]() { return "HTMLDivElement"; }
    secret = "the page's";
  }
  const loop: Record<string, unknown> = { name: "loop" };
  loop["self"] = loop;
  const broken = { get bad() { throw new Error("no"); }, good: 1 };
  const trap = new Proxy({}, { ownKeys() { throw new Error("no"); } });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  equal(
    over(new Node(), new Map([[1, 2]]), new Set([1]), Symbol("s"), /x/, new Uint8Array(2), Promise.resolve(), loop, broken, trap, proxy, 10n, () => 1),
    [null, null, null, null, null, null, null, { name: "loop", self: null }, { bad: null, good: 1 }, null, null, "10", null],
  );
});

test("an error has its name and message", () => {
  const [got] = over(new TypeError("oh no")) as [Record<string, unknown>];
  equal([got["name"], got["message"], typeof got["stack"]], ["TypeError", "oh no", "string"]);
});

test("a value that stands twice is no cycle", () => {
  const shared = { a: 1 };
  equal(over([shared, shared]), [[{ a: 1 }, { a: 1 }]]);
});

test("__proto__ is a key like others", () => {
  const [got] = over(JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')) as [object];
  equal(Object.keys(got), ["__proto__", "constructor"]);
  holds(Object.getPrototypeOf(got) === Object.prototype, "its prototype is another");
  holds(!("polluted" in {}) && (got as { polluted?: boolean }).polluted === undefined, "a prototype was changed");
});

test("functions go as numbers", () => {
  const f = () => 1;
  const plain = encode(["event", { eventCallback: f }], (g) => (g === f ? 7 : null));
  equal(plain, ["event", ["object", "eventCallback", ["function", 7]]]);
  const asked: number[] = [];
  decode(plain, (id) => asked.push(id));
  equal(asked, [7]);
});

test("what is too deep, too much or too long is left out", () => {
  let deep: unknown = "bottom";
  for (let i = 0; i < 3 * MAX_DEPTH; i++) deep = [deep];
  let [got] = over(deep) as [unknown];
  let depth = 0;
  for (; Array.isArray(got); depth++) got = got[0];
  equal([depth, got], [MAX_DEPTH, null]);

  const wide = over(Array.from({ length: 3 * MAX_VALUES }, (_, i) => i)) as [unknown[]];
  holds(wide[0].length > MAX_VALUES / 2 && wide[0].length < MAX_VALUES, `${wide[0].length} values`);
  const keyed = over(Object.fromEntries(Array.from({ length: 3 * MAX_VALUES }, (_, i) => ["k" + i, i]))) as [object];
  holds(Object.keys(keyed[0]).length > MAX_VALUES / 4 && Object.keys(keyed[0]).length < MAX_VALUES, "too many keys");

  const long = over(["x".repeat(MAX_TEXT - 100), "y".repeat(200), "z"]) as [string[]];
  equal(long[0].map((s) => (s === null ? null : s.length)), [MAX_TEXT - 100, null, 1]);
  const many = over(...Array.from({ length: 3 * MAX_VALUES }, () => "x")) as unknown[];
  holds(many.length < MAX_VALUES, "too many arguments");
});

test("what is not plain data is refused, whoever sends it", () => {
  let deep: unknown = null;
  for (let i = 0; i <= MAX_DEPTH + 1; i++) deep = ["list", deep];
  for (const data of [
    null, undefined, "list", 1, { 0: "list", length: 1 }, [{}], [["object", "a"]], [["object", 1, 2]], [["object", ["list"], 2]],
    [["date"]], [["date", "1"]], [["function", 1.5]], [["function", "1"]], [["function", Infinity]], [["window"]], [[]], [[["list"]]], [new Map()], [10n],
    [new Date()], [deep], [["list", ...Array(MAX_VALUES).fill(1)]], ["x".repeat(MAX_TEXT + 1)], ["x".repeat(MAX_TEXT), "y"],
    Array(MAX_VALUES + 1).fill(null), [["object", "x".repeat(MAX_TEXT + 1), 1]], [["list", { __proto__: null }]],
  ]) {
    equal(decode(sent(data), none), null, show(data).slice(0, 200));
  }
  const huge: unknown[] = [];
  huge.length = 2 ** 32 - 1; // takes no memory, and would take for ever
  equal(decode(huge, none), null);
});

test("whatever is encoded decodes, and is the same again (10,000 values)", () => {
  const throwDice = dice(6);
  const any = (depth: number): unknown => {
    const kind = throwDice(depth > 5 ? 8 : 13);
    const some = () => Array.from({ length: throwDice(4) }, () => any(depth + 1));
    switch (kind) {
      case 0: return undefined;
      case 1: return null;
      case 2: return throwDice(2) === 1;
      case 3: return throwDice(1000) / 7 - 50;
      case 4: return ["list", "object", "__proto__", "é😀", ""][throwDice(5)];
      case 5: return new Date(throwDice(1e9));
      case 6: return () => 1;
      case 7: return new Map();
      case 8: return (function (..._: unknown[]) { return arguments; })(...some());
      case 9: return some();
      default: {
        const o = {};
        for (const value of some()) Object.defineProperty(o, ["a", "b", "__proto__", "length", "0"][throwDice(5)] as string, { value, enumerable: true, configurable: true });
        return o;
      }
    }
  };
  for (let i = 0; i < 10_000; i++) {
    const once = encode([any(0)], none);
    const back = decode(sent(once), none);
    holds(back !== null, `not decoded: ${show(once)}`);
    equal(encode(back as unknown[], none), once);
  }
});

test("whatever a hostile script sends, nothing is thrown and no prototype changes (10,000 messages)", () => {
  const throwDice = dice(66);
  const words = ["list", "object", "arguments", "date", "function", "__proto__", "toString", "", "constructor"];
  const any = (depth: number): unknown => {
    switch (throwDice(depth > 6 ? 4 : 7)) {
      case 0: return words[throwDice(words.length)];
      case 1: return throwDice(10) - 5;
      case 2: return null;
      case 3: return [undefined, NaN, 5n, new Date(), new Map(), /x/][throwDice(6)];
      case 4: return { [words[throwDice(words.length)] as string]: any(depth + 1) };
      default: return [words[throwDice(words.length)], ...Array.from({ length: throwDice(4) }, () => any(depth + 1))];
    }
  };
  let taken = 0;
  for (let i = 0; i < 10_000; i++) if (decode(sent([any(0)]), (id) => id)) taken++;
  holds(taken > 500 && taken < 9500, `${taken} taken: this test shows nothing`);
  equal(Object.getOwnPropertyNames(Object.prototype).includes("polluted"), false);
  holds(Object.getPrototypeOf({}) === Object.prototype, "the prototype of objects is another");
});
