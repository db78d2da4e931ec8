// Values of a compartment that live on: cookies and storage keys that the policy names.
// They lie in the page's own storage, under names that no other script uses, an item for
// each: so two tabs do not write over each other's. They are never cookies of the
// site: no server sees them (CWE-200).

import type { Area, Kept } from "../message/message";
import {
  apply,
  forEach,
  getOwnPropertyDescriptor,
  indexOf,
  keys,
  mapDelete,
  mapSet,
  push,
  slice,
  uncurry,
} from "../message/builtins";
import { isKept, readKept } from "../message/message";

/** How much one compartment keeps, in UTF-16 units, and what an item counts beside its text: 128 items at most. */
const MAX_TEXT = 1 << 16;
const ITEM = 1 << 9;

const { getItem, setItem, removeItem } = Storage.prototype;
const read = uncurry(getItem) as (from: Storage, key: string) => string | null;
const write = uncurry(setItem);
const remove = uncurry(removeItem);
const { now } = Date;

/** Returns a storage of the page's, or null where the browser has it blocked. */
function storage(name: "localStorage" | "sessionStorage"): () => Storage | null {
  const get = getOwnPropertyDescriptor(window, name)?.get as () => Storage;
  return () => {
    try {
      return apply(get, window, []) as Storage;
    } catch {
      return null;
    }
  };
}

const local = storage("localStorage");
const session = storage("sessionStorage");

export class KeptValues {
  readonly #names: readonly string[];
  readonly #prefix: string;
  /** How much each item counts, by area and name. */
  readonly #sizes = new Map<string, number>();

  constructor(compartment: string, names: readonly string[]) {
    this.#names = names;
    this.#prefix = `chatproxy.kept/${compartment}/`;
  }

  /** Reads what is kept. What has expired goes. */
  all(): Kept[] {
    const all: Kept[] = [];
    // Without names the storage is not loaded for nothing.
    for (const store of this.#names.length ? [local(), session()] : []) {
      for (const key of store ? keys(store) : []) {
        const kept = this.#parse(key, read(store as Storage, key));
        if (!kept) continue;
        if (kept.value !== null && this.#count(kept)) push(all, kept);
        else remove(store, key);
      }
    }
    return all;
  }

  /** Keeps a value, or takes it away. Returns false for what is not kept. */
  keep(kept: Kept): boolean {
    const { area, name, expires } = kept;
    const value = isOver(expires) ? null : kept.value;
    if (!isKept(this.#names, name) || !this.#count({ ...kept, value })) return false;
    const key = `${this.#prefix}${area}/${name}`;
    const brief = area === "session" || (area === "cookie" && expires === null);
    try {
      for (const store of [local(), session()]) {
        // A cookie may have become one that ends with the session, or the other way round.
        if (value !== null && store === (brief ? session() : local())) write(store, key, `${expires ?? ""};${value}`);
        else if (store && (brief || area !== "local" || store === local())) remove(store, key);
      }
      return true;
    } catch {
      return false; // there is none, or it is full
    }
  }

  /** Returns the changes that another tab has made. */
  changed({ key, newValue, storageArea }: StorageEvent): Kept[] {
    const changes: Kept[] = [];
    const change = (at: string, item: string | null) => {
      const kept = this.#parse(at, item);
      if (kept && this.#count(kept)) push(changes, kept);
    };
    if (this.#names.length && storageArea === local()) {
      if (key !== null) change(key, newValue);
      else forEach(this.#sizes, (_size, path) => change(this.#prefix + path, null)); // all was cleared
    }
    return changes;
  }

  /** Reads an item, which is null where it is gone. What is not of this compartment gives null. */
  #parse(key: string, item: string | null): Kept | null {
    const { length } = this.#prefix;
    const at = indexOf(key, "/", length);
    const name = slice(key, at + 1);
    if (slice(key, 0, length) !== this.#prefix || !isKept(this.#names, name)) return null;
    const end = indexOf((item ??= ""), ";");
    const expires = end > 0 ? +slice(item, 0, end) : null;
    const value = end < 0 || isOver(expires) ? null : slice(item, end + 1);
    return readKept({ area: slice(key, length, at) as Area, name, value, expires });
  }

  /** Counts a value, or does not where it is too much. */
  #count({ area, name, value }: Kept): boolean {
    const path = `${area}/${name}`;
    const size = value === null ? 0 : ITEM + name.length + value.length;
    let all = size;
    forEach(this.#sizes, (other, at) => (all += at === path ? 0 : other));
    if (!size) mapDelete(this.#sizes, path);
    else if (all > MAX_TEXT) return false;
    else mapSet(this.#sizes, path, size);
    return true;
  }
}

const isOver = (expires: number | null): boolean => expires !== null && expires <= now();
