import { dice, equal, holds, show, test } from "../testing/testing";
import { isKept, MAX_NAME, MAX_VALUE, readKept } from "./kept";
import { readToGuard as read } from "./message";
import { decode } from "./plain";

const readToGuard = (data: unknown) => read(data, { decode, readKept });

test("messages of each shape are read", () => {
  const kept = { area: "cookie", name: "_ga", value: "1", expires: 5 } as const;
  equal(readToGuard({ type: "resize", width: 300, height: 0, more: 1 }), { type: "resize", width: 300, height: 0 });
  equal(readToGuard({ type: "keep", kept: { ...kept, more: 1 } }), { type: "keep", kept });
  equal(readToGuard({ type: "callback", id: 3, args: [1, ["object", "a", ["list"]], ["function", 9]] }), { type: "callback", id: 3, values: [1, { a: [] }, null] });
});

test("what has another shape is none", () => {
  const kept = { area: "local", name: "n", value: "v", expires: null };
  for (const data of [
    null, undefined, 1, "resize", [], () => 1, {}, { type: "run" }, { type: "hello" }, { type: "__proto__" }, { type: ["resize"], width: 1, height: 1 },
    { type: "resize", width: "1", height: 1 }, { type: "resize", width: 1 }, { type: "resize", width: NaN, height: 1 }, { type: "resize", width: -1, height: 1 },
    { type: "resize", width: Infinity, height: 1 }, { type: "resize", width: 1, height: 100_001 },
    { type: "keep" }, { type: "keep", kept: null }, { type: "keep", kept: { ...kept, area: "window" } }, { type: "keep", kept: { ...kept, area: "__proto__" } },
    { type: "keep", kept: { ...kept, name: 1 } }, { type: "keep", kept: { ...kept, name: "n".repeat(MAX_NAME + 1) } },
    { type: "keep", kept: { ...kept, value: undefined } }, { type: "keep", kept: { ...kept, value: "v".repeat(MAX_VALUE + 1) } },
    { type: "keep", kept: { ...kept, expires: "1" } }, { type: "keep", kept: { ...kept, expires: NaN } }, { type: "keep", kept: { ...kept, expires: Infinity } },
    { type: "callback", id: 1 }, { type: "callback", id: "1", args: [] }, { type: "callback", id: 1.5, args: [] }, { type: "callback", id: 1, args: {} },
    { type: "callback", id: 1, args: [{}] }, { type: "callback", id: 1, args: [["window"]] },
  ]) {
    equal(readToGuard(data), null, show(data).slice(0, 200));
  }
});

test("a message is read, whatever its keys inherit (20,000 messages)", () => {
  const throwDice = dice(666);
  const values = [null, 0, 5, -1, NaN, "n", [], {}, ["list"], [["function", 1]], { area: "local", name: "n", value: "v", expires: null }];
  const types = ["resize", "keep", "callback", "run", null];
  const names = ["width", "height", "kept", "id", "args", "__proto__", "value"];
  let taken = 0;
  for (let i = 0; i < 20_000; i++) {
    const data = { type: types[throwDice(types.length)] };
    for (let n = throwDice(8); n-- > 0; ) {
      Object.defineProperty(data, names[throwDice(names.length)] as string, { value: values[throwDice(values.length)], enumerable: true, configurable: true, writable: true });
    }
    const message = readToGuard(structuredClone(data));
    if (message) taken++;
    holds(message === null || Object.keys(message).length <= 3, show(message));
  }
  holds(taken > 100, `${taken} read: this test shows nothing`);
});

test("a site without forwarding and storage reads neither", () => {
  equal(read({ type: "callback", id: 1, args: [] }, {}), null);
  equal(read({ type: "keep", kept: { area: "local", name: "n", value: "v", expires: null } }, {}), null);
});

test("names of a storage list, with wildcards", () => {
  for (const [glob, name, want] of [
    ["_ga", "_ga", true], ["_ga", "_ga_1", false], ["_ga*", "_ga", true], ["_ga*", "_ga_1", true], ["_ga_*", "_ga", false], ["*", "", true], ["*", "any", true],
    ["*_id", "x_id", true], ["*_id", "x_id2", false], ["a*b*c", "abc", true], ["a*b*c", "aXbYc", true], ["a*b*c", "ac", false], ["a*b*c", "acb", false],
    ["aa*aa", "aaa", false], ["aa*aa", "aaaa", true], ["a**b", "ab", true], ["a.c", "abc", false], ["[a]", "a", false], ["a*bc*c", "abc", false], ["", "", true], ["", "a", false],
  ] as const) {
    equal(isKept([glob], name), want, `${glob} and ${name}`);
  }
  equal([isKept([], "a"), isKept(["b", "a"], "a")], [false, true]);
});

test("a name matches in no time, whatever the list", () => {
  const before = performance.now();
  equal(isKept(["*a".repeat(30) + "b"], "a".repeat(MAX_NAME)), false);
  holds(performance.now() - before < 1000, "it took more than a second");
});

test("what is kept is read again", () => {
  const kept = { area: "session", name: "", value: null, expires: null } as const;
  equal(readKept({ ...kept, evil: 1 }), kept);
});
