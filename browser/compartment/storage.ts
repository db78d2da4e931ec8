// localStorage and sessionStorage in memory (HTML §12.2). In an opaque origin reading
// them throws.

import type { Area } from "../message/message";
import { getter, methods, need } from "./define";

/** In UTF-16 units of keys and values, as browsers count. */
const QUOTA = 5 << 20;

type Changed = (key: string, value: string | null) => void;

/** The items of one storage area. */
export class Items extends Map<string, string> {
  size_ = 0;
  readonly changed: Changed;

  constructor(changed: Changed) {
    super();
    this.changed = changed;
  }

  put(key: string, value: string): void {
    const old = this.get(key);
    const grown = old === undefined ? key.length + value.length : value.length - old.length;
    if (this.size_ + grown > QUOTA && grown > 0) throw full(key);
    if (old === value) return;
    this.size_ += grown;
    this.set(key, value);
    this.changed(key, value);
  }

  take(key: string): void {
    const old = this.get(key);
    if (old === undefined) return;
    this.delete(key);
    this.size_ -= key.length + old.length;
    this.changed(key, null);
  }
}

function full(key: string): DOMException {
  const message = `No room for '${key}'.`;
  const own = (window as { QuotaExceededError?: new (message: string) => DOMException }).QuotaExceededError;
  return own ? new own(message) : new DOMException(message, "QuotaExceededError");
}

/** Whose items a Storage has: the methods stand on the prototype and serve all. */
const areas = new WeakMap<object, Items>();

/** The storages of the frame, and how a value from outside gets in. */
export interface Storages {
  /** Puts a value in, or takes it away; unless it is a seed, with a storage event. */
  receive(area: Area, key: string, value: string | null, seed: boolean): void;
}

export function virtualStorage(changed: (area: Area, key: string, value: string | null) => void): Storages {
  if (typeof Storage !== "function") return { receive: () => {} };
  servePrototype();
  const storages = new Map<Area, Storage>();
  let quiet = false;
  for (const [name, area] of [["localStorage", "local"], ["sessionStorage", "session"]] as const) {
    const items = new Items((key, value) => quiet || changed(area, key, value));
    const storage = makeStorage(items);
    storages.set(area, storage);
    getter(window, name, () => storage);
  }
  return {
    receive: (area, key, value, seed) => {
      const storage = storages.get(area);
      if (!storage) return;
      const oldValue = storage.getItem(key);
      quiet = true;
      try {
        if (value === null) storage.removeItem(key);
        else storage.setItem(key, value);
      } catch {
        return; // it does not fit
      } finally {
        quiet = false;
      }
      if (seed || oldValue === value) return;
      const event = new StorageEvent("storage", { key, oldValue, newValue: value, url: location.href });
      getter(event, "storageArea", () => storage); // the constructor wants one of the browser's
      dispatchEvent(event);
    },
  };
}

function servePrototype(): void {
  const proto = Storage.prototype;
  /** A method for our areas, which takes at least as many arguments as it has; all others get the browser's. */
  const serve = (name: "getItem" | "setItem" | "removeItem" | "key" | "clear", count: number, act: (items: Items, key: string, value: string) => unknown) => {
    const native = proto[name];
    methods(proto, {
      [name]: function (this: object, ...args: unknown[]) {
        const items = areas.get(this);
        if (!items) return Reflect.apply(native, this, args) as unknown;
        need(args, count);
        return act(items, wellFormed(args[0]), wellFormed(args[1]));
      },
    });
  };
  serve("getItem", 1, (items, key) => items.get(key) ?? null);
  serve("setItem", 2, (items, key, value) => items.put(key, value));
  serve("removeItem", 1, (items, key) => items.take(key));
  serve("clear", 0, (items) => [...items.keys()].forEach((key) => items.take(key)));
  serve("key", 1, (items, index) => [...items.keys()][Number(index) >>> 0] ?? null);
  const native = Object.getOwnPropertyDescriptor(proto, "length")?.get as () => number;
  getter(proto, "length", function (this: object) {
    return areas.get(this)?.size ?? Reflect.apply(native, this, []);
  });
}

const wellFormed = (value: unknown): string => `${value as string}`;

/** A Storage with named properties: an item is one unless the prototype has the name. */
function makeStorage(items: Items): Storage {
  const shown = (target: object, key: PropertyKey): key is string => typeof key === "string" && items.has(key) && !(key in target);
  const storage = new Proxy(Object.create(Storage.prototype) as Storage, {
    get: (target, key, receiver) => (shown(target, key) ? items.get(key) : Reflect.get(target, key, receiver)),
    set: (target, key, value, receiver) => {
      if (typeof key === "symbol") return Reflect.set(target, key, value);
      if (receiver !== storage) return Reflect.defineProperty(receiver as object, key, { value, configurable: true, enumerable: true, writable: true });
      items.put(key, wellFormed(value));
      return true;
    },
    has: (target, key) => shown(target, key) || key in target,
    deleteProperty: (target, key) => {
      if (shown(target, key)) items.take(key);
      return Reflect.deleteProperty(target, key);
    },
    defineProperty: (target, key, descriptor) => {
      if (typeof key === "symbol") return Reflect.defineProperty(target, key, descriptor);
      if (!("value" in descriptor)) return false;
      items.put(key, wellFormed(descriptor.value));
      return true;
    },
    ownKeys: (target) => [...[...items.keys()].filter((key) => shown(target, key)), ...Reflect.ownKeys(target)],
    getOwnPropertyDescriptor: (target, key) =>
      shown(target, key)
        ? { value: items.get(key), configurable: true, enumerable: true, writable: true }
        : Reflect.getOwnPropertyDescriptor(target, key),
    preventExtensions: () => false,
  });
  areas.set(storage, items);
  return storage;
}
