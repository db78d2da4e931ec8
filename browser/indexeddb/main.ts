// IndexedDB in memory, for compartments: fake-indexeddb, and what joins it to the
// prelude. A script of its own that is loaded on first use (decision 0017).

import {
  IDBCursor, IDBCursorWithValue, IDBDatabase, IDBFactory, IDBIndex, IDBKeyRange, IDBObjectStore, IDBOpenDBRequest, IDBRequest,
  IDBTransaction, IDBVersionChangeEvent,
} from "fake-indexeddb";
import type { Database, WaitingRequest } from "../compartment/indexeddb";
import { READY } from "../compartment/indexeddb";

type Constructor = new (...args: never[]) => object;

const own: Record<string, unknown> = {
  IDBCursor, IDBCursorWithValue, IDBDatabase, IDBFactory, IDBIndex, IDBKeyRange, IDBObjectStore, IDBOpenDBRequest, IDBRequest,
  IDBTransaction, IDBVersionChangeEvent,
};

const world = window as unknown as Record<string, unknown>;
const NativeKeyRange = window.IDBKeyRange;
for (const [name, value] of Object.entries(own)) {
  const mine = value as Constructor;
  const native = world[name] as Constructor | undefined;
  if (!native) continue;
  // Code may have kept the browser's constructor, to ask what an object is.
  const { prototype } = mine;
  Object.defineProperty(native, Symbol.hasInstance, {
    configurable: true,
    value: (object: unknown) => Function.prototype[Symbol.hasInstance].call(mine, object) || prototypeOf(native.prototype as object, object),
  });
  Object.defineProperty(prototype, Symbol.toStringTag, { configurable: true, value: name });
  if (name !== "IDBFactory") Object.defineProperty(window, name, { configurable: true, writable: true, value: mine });
}
// And a range that the browser has made is a range.
Object.defineProperty(IDBKeyRange, Symbol.hasInstance, {
  configurable: true,
  value: (object: unknown) =>
    prototypeOf(IDBKeyRange.prototype as object, object) || prototypeOf(NativeKeyRange.prototype, object),
});

function prototypeOf(prototype: object, object: unknown): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, object as object);
}

// fake-indexeddb knows nothing of once, takes a listener twice, and takes the last one
// away in place of one that it does not have.
interface Target {
  listeners: Array<{ type: string; callback: unknown; capture: boolean }>;
}
type Listener = ((event: unknown) => void) | { handleEvent(event: unknown): void };
const target = Object.getPrototypeOf(IDBRequest.prototype) as object;
Object.assign(target, {
  addEventListener(this: Target, type: string, callback: Listener | null, options?: unknown) {
    const { capture, once } = read(options);
    if (!callback || this.listeners.some((other) => other.type === type && original(other.callback) === callback && other.capture === capture)) return;
    this.listeners.push({ type, callback: once ? onceOnly(this, type, callback, capture) : callback, capture });
  },
  removeEventListener(this: Target, type: string, callback: Listener | null, options?: unknown) {
    const { capture } = read(options);
    const at = this.listeners.findIndex((other) => other.type === type && original(other.callback) === callback && other.capture === capture);
    if (at >= 0) this.listeners.splice(at, 1);
  },
});

const originals = new WeakMap<object, unknown>();
const original = (callback: unknown) => originals.get(callback as object) ?? callback;

function onceOnly(on: Target, type: string, callback: Listener, capture: boolean) {
  const wrapped = function (this: unknown, event: unknown) {
    on.listeners = on.listeners.filter((other) => other.type !== type || other.callback !== wrapped || other.capture !== capture);
    if (typeof callback === "function") callback.call(this, event);
    else callback.handleEvent(event);
  };
  originals.set(wrapped, callback);
  return wrapped;
}

function read(options: unknown): { capture: boolean; once: boolean } {
  const { capture, once } = (typeof options === "object" && options ? options : { capture: options }) as { capture?: unknown; once?: unknown };
  return { capture: Boolean(capture), once: Boolean(once) };
}

// A request that waited becomes the one that the factory makes next: the constructor
// of requests calls this in place of its parent's.
let next: object | null = null;
const Request = IDBRequest as unknown as Constructor;
Object.setPrototypeOf(IDBOpenDBRequest, function (this: unknown) {
  const waited = next;
  next = null;
  return waited ?? (Reflect.construct(Request, [], IDBOpenDBRequest as unknown as Constructor) as object);
});

const factory = new IDBFactory() as unknown as Record<string, (...args: unknown[]) => unknown>;

const database: Database = {
  call(name, args, waited) {
    if (!waited) return factory[name]?.(...args);
    const { listeners, ...handlers } = { ...(waited as WaitingRequest) };
    Object.setPrototypeOf(waited, IDBOpenDBRequest.prototype as object);
    Object.assign(waited, { _result: null, _error: null });
    next = waited;
    const request = factory[name]?.(...args) as Target;
    Object.assign(request, handlers);
    request.listeners = [];
    for (const { type, callback, ...options } of listeners as Array<{ type: string; callback: unknown }>) {
      (request as unknown as EventTarget).addEventListener(type, callback as EventListener, options);
    }
    return request;
  },
};
document.currentScript?.dispatchEvent(new CustomEvent(READY, { detail: database }));
