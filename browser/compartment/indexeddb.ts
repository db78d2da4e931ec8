// IndexedDB in memory. What does it is three times the size of all else here and is
// needed by few, so it is loaded when it is first used. Until then requests wait: a
// page cannot tell, since a request is answered later in any case.

import { methods, need, refusal } from "./define";

interface Listener {
  readonly type: string;
  readonly callback: unknown;
  readonly capture: boolean;
}

/** A request that waits; the database makes it one of its own when it is there. */
export class WaitingRequest {
  listeners: Listener[] = [];
  source = null;
  transaction = null;
  readyState = "pending";
  onsuccess = null;
  onerror = null;
  onupgradeneeded = null;
  onblocked = null;

  addEventListener(type: string, callback: unknown, options?: unknown): void {
    this.listeners.push({ type, callback, capture: false, ...(typeof options === "object" ? options : { capture: Boolean(options) }) });
  }

  removeEventListener(type: string, callback: unknown): void {
    this.listeners = this.listeners.filter((listener) => listener.type !== type || listener.callback !== callback);
  }

  get result(): never {
    throw new DOMException("The request has not finished.", "InvalidStateError");
  }

  get error(): never {
    return this.result;
  }
}

/** What indexeddb/main.ts hands over. */
export interface Database {
  /** Makes what a method of IDBFactory returns; a request that waited becomes it. */
  call(name: string, args: readonly unknown[], waited: object | null): unknown;
}

/** The event of its own element by which the script hands it over. */
export const READY = "chatproxy-indexeddb";

export function virtualIndexedDB(url: string | undefined): void {
  if (typeof IDBFactory !== "function") return;
  Object.setPrototypeOf(WaitingRequest.prototype, IDBOpenDBRequest.prototype);
  let database: Promise<Database> | undefined;
  let loaded: Database | undefined;
  const load = () =>
    (database ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.addEventListener(READY, (event) => {
        script.remove();
        resolve((loaded = (event as CustomEvent<Database>).detail));
      });
      script.addEventListener("error", () => {
        script.remove();
        reject(refusal("IndexedDB"));
      });
      script.src = url ?? "data:,";
      document.head.append(script);
    }));

  const request = (name: string) =>
    function (this: unknown, ...args: unknown[]) {
      need(args, 1);
      const [title, version] = args;
      const wanted = [String(title)] as unknown[];
      if (name === "open" && version !== undefined) {
        const number = Math.trunc(Number(version));
        if (!(number >= 1 && number <= Number.MAX_SAFE_INTEGER)) throw new TypeError(`The value ${String(version)} is no version.`);
        wanted.push(number);
      }
      if (loaded) return loaded.call(name, wanted, null);
      const waiting = new WaitingRequest();
      load().then(
        (db) => db.call(name, wanted, waiting),
        (error: unknown) => {
          Object.defineProperties(waiting, { error: { value: error }, readyState: { value: "done" } });
          const event = new Event("error", { bubbles: true, cancelable: true });
          getTarget(event, waiting);
          (waiting.onerror as ((event: Event) => void) | null)?.(event);
          for (const { type, callback } of waiting.listeners) if (type === "error") (callback as (event: Event) => void)(event);
        },
      );
      return waiting;
    };
  methods(IDBFactory.prototype, {
    open: request("open"),
    deleteDatabase: request("deleteDatabase"),
    databases: async () => (await load()).call("databases", [], null),
  });
}

function getTarget(event: Event, target: object): void {
  Object.defineProperty(event, "target", { value: target });
}
