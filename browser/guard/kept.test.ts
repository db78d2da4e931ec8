import { equal, holds, test } from "../testing/testing";
import type { Kept } from "../message/message";

/** A Storage (HTML §12.2.1) whose items are its own properties, as a browser shows them. */
class Storage {
  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? ((this as unknown as Record<string, string>)[key] as string) : null;
  }
  setItem(key: string, value: string): void {
    if (full) throw new Error("QuotaExceededError");
    Object.defineProperty(this, key, { value, configurable: true, enumerable: true, writable: true });
  }
  removeItem(key: string): void {
    delete (this as unknown as Record<string, string>)[key];
  }
}
let full = false;
let blocked = false;
const page = globalThis as unknown as Record<string, unknown>;
page["window"] = globalThis;
page["Storage"] = Storage;
page["location"] = { href: "https://www.example.com/" };
const stores = { localStorage: new Storage(), sessionStorage: new Storage() };
for (const name of ["localStorage", "sessionStorage"] as const) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get: () => {
      if (blocked) throw new Error("SecurityError");
      return stores[name];
    },
  });
}
declare function require(file: string): unknown;
// After the globals above, which it takes when it is loaded.
const { newKeptValues } = require("./kept") as typeof import("./kept");

const local = stores.localStorage as unknown as Record<string, string>;
const session = stores.sessionStorage as unknown as Record<string, string>;
const reset = () => {
  for (const store of [local, session]) for (const key of Object.keys(store)) delete store[key];
  full = blocked = false;
};
const hour = 3_600_000;
const cookie = (name: string, value: string | null, expires: number | null): Kept => ({ area: "cookie", name, value, expires });

test("what is kept is there again, for this compartment alone", () => {
  reset();
  const expires = Date.now() + hour;
  const kept = newKeptValues("ads", ["_ga", "id*"]);
  holds(kept.keep(cookie("_ga", "GA1;=, é", expires)), "a cookie is not kept");
  holds(kept.keep({ area: "local", name: "id", value: "", expires: null }), "an empty value is not kept");
  holds(kept.keep({ area: "session", name: "id/2", value: "s", expires: null }), "a session's is not kept");
  equal(Object.keys(local), ["chatproxy.kept/ads/cookie/_ga", "chatproxy.kept/ads/local/id"]);
  equal(Object.keys(session), ["chatproxy.kept/ads/session/id/2"]);
  const want = [cookie("_ga", "GA1;=, é", expires), { area: "local", name: "id", value: "", expires: null }, { area: "session", name: "id/2", value: "s", expires: null }];
  equal(newKeptValues("ads", ["_ga", "id*"]).all(), want);
  equal(newKeptValues("ad", ["*"]).all(), []);
  equal(newKeptValues("ads", ["_ga"]).all(), [want[0]]); // the policy has changed
  equal(newKeptValues("ads", []).all(), []);
});

test("names that the policy does not list are not kept, whoever asks", () => {
  reset();
  const kept = newKeptValues("ads", ["_ga"]);
  for (const name of ["", "_g", "_gat", "../x", "_ga/", "__proto__"]) equal(kept.keep(cookie(name, "v", null)), false, name);
  equal([Object.keys(local), Object.keys(session)], [[], []]);
});

test("a cookie ends when it says, or with the session", () => {
  reset();
  const kept = newKeptValues("ads", ["*"]);
  kept.keep(cookie("brief", "1", null));
  kept.keep(cookie("long", "1", Date.now() + hour));
  equal([Object.keys(session).length, Object.keys(local).length], [1, 1]);
  kept.keep(cookie("brief", "2", Date.now() + hour)); // it changes its mind, and back
  equal([Object.keys(session).length, Object.keys(local).length], [0, 2]);
  kept.keep(cookie("brief", "3", null));
  equal([Object.keys(session).length, Object.keys(local).length], [1, 1]);
  kept.keep(cookie("long", "gone", Date.now() - 1));
  equal(Object.keys(local), []);
  local["chatproxy.kept/ads/cookie/old"] = `${Date.now() - 1};v`;
  local["chatproxy.kept/ads/cookie/odd"] = `soon;v`;
  local["chatproxy.kept/ads/cookie/bare"] = `v`;
  local["chatproxy.kept/ads/window/x"] = `;v`;
  equal(newKeptValues("ads", ["*"]).all(), [cookie("brief", "3", null)]);
  equal(Object.keys(local).includes("chatproxy.kept/ads/cookie/old"), false);
  kept.keep(cookie("brief", null, null));
  equal(Object.keys(session), []);
});

test("no more than so much is kept", () => {
  reset();
  const kept = newKeptValues("ads", ["*"]);
  let items = 0;
  for (let i = 0; i < 1000; i++) if (kept.keep(cookie(`c${i}`, "v", null))) items++;
  holds(items > 50 && items < 128, `${items} items`);
  for (let i = 0; i < 1000; i++) kept.keep(cookie(`c${i}`, null, null));
  let text = 0;
  for (let i = 0; i < 100; i++) if (kept.keep({ area: "local", name: `l${i}`, value: "x".repeat(10_000), expires: null })) text++;
  equal(text, 6);
  holds(kept.keep({ area: "local", name: "l0", value: "smaller", expires: null }), "a smaller value is refused");
  const again = newKeptValues("ads", ["*"]);
  equal(again.all().length, 6);
  equal(again.keep({ area: "local", name: "new", value: "x".repeat(16_000), expires: null }), false);
});

test("another tab's change is passed on", () => {
  reset();
  const kept = newKeptValues("ads", ["id"]);
  const event = (key: string | null, newValue: string | null, storageArea: unknown = local) => ({ key, newValue, storageArea }) as unknown as StorageEvent;
  equal(kept.changed(event("chatproxy.kept/ads/local/id", ";new")), [{ area: "local", name: "id", value: "new", expires: null }]);
  equal(kept.changed(event("chatproxy.kept/ads/local/id", null)), [{ area: "local", name: "id", value: null, expires: null }]);
  for (const key of ["id", "chatproxy.kept/other/local/id", "chatproxy.kept/ads/local/no", "chatproxy.kept/ads/window/id"]) equal(kept.changed(event(key, ";new")), [], key);
  equal(kept.changed(event("chatproxy.kept/ads/local/id", ";new", session)), []);
  kept.keep({ area: "local", name: "id", value: "v", expires: null });
  equal(kept.changed(event(null, null)), [{ area: "local", name: "id", value: null, expires: null }]);
});

test("storage that is blocked, or full, keeps nothing and throws nothing", () => {
  reset();
  blocked = true;
  const kept = newKeptValues("ads", ["*"]);
  equal([kept.all(), kept.keep(cookie("a", "1", null)), kept.keep(cookie("a", null, null))], [[], false, false]);
  reset();
  full = true;
  equal(kept.keep(cookie("a", "1", null)), false);
  full = false;
  equal(kept.keep(cookie("a", "1", null)), true);
});
