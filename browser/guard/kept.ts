// Values of a compartment that live on: cookies and storage keys that the policy names.
// They lie in the page's own storage, under names that no other script uses, an item for
// each: so two tabs do not write over each other's. They are never cookies of the
// site: no server sees them (CWE-200).

import type { Area, Kept } from "../message/message";
import { apply, getOwnPropertyDescriptor, keys, newTable, push, uncurry } from "../message/builtins";
import { indexOf, slice } from "../message/text";
import { isKept, readKept } from "../message/kept";

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

export interface KeptValues {
  /** Reads what is kept. What has expired goes. */
  readonly all: () => Kept[];
  /** Keeps a value, or takes it away. Returns false for what is not kept. */
  readonly keep: (kept: Kept) => boolean;
  /** Returns the changes that another tab has made. */
  readonly changed: (event: StorageEvent) => Kept[];
}

/** Returns the values of a compartment that have one of the names. */
export function newKeptValues(compartment: string, names: readonly string[]): KeptValues {
  const prefix = `chatproxy.kept/${compartment}/`;
  /** How much each item counts, by its key in the storage. */
  const sizes = newTable<number>();

  /** Counts a value, or does not where it is too much. */
  const count = (key: string, value: string | null): boolean => {
    delete sizes[key];
    if (value === null) return true;
    const size = ITEM + key.length + value.length;
    let all = size;
    for (const other in sizes) all += sizes[other] as number;
    if (all <= MAX_TEXT) sizes[key] = size;
    return all <= MAX_TEXT;
  };

  /**
   * Reads an item. One that is gone, has expired or is too much has null for its value;
   * what is not of this compartment gives null.
   */
  const parse = (key: string, item: string | null): Kept | null => {
    const at = indexOf(key, "/", prefix.length);
    const name = slice(key, at + 1);
    if (slice(key, 0, prefix.length) !== prefix || !isKept(names, name)) return null;
    const end = indexOf((item ??= ""), ";");
    const expires = end > 0 ? +slice(item, 0, end) : null;
    let value = end < 0 || isOver(expires) ? null : slice(item, end + 1);
    if (!count(key, value)) value = null;
    return readKept({ area: slice(key, prefix.length, at) as Area, name, value, expires });
  };

  return {
    all() {
      const all: Kept[] = [];
      // Without names the storage is not loaded for nothing.
      for (const store of names.length ? [local(), session()] : []) {
        for (const key of store ? keys(store) : []) {
          const kept = parse(key, read(store as Storage, key));
          if (kept?.value === null) remove(store, key);
          else if (kept) push(all, kept);
        }
      }
      return all;
    },
    keep({ area, name, value, expires }) {
      const key = `${prefix}${area}/${name}`;
      const brief = area === "session" || (area === "cookie" && expires === null);
      if (isOver(expires)) value = null;
      if (!isKept(names, name) || !count(key, value)) return false;
      try {
        // A cookie may have become one that ends with the session, or the other way round.
        const [store, other] = brief ? [session(), local()] : [local(), session()];
        remove(other, key);
        if (value === null) remove(store, key);
        else write(store, key, `${expires ?? ""};${value}`);
        return true;
      } catch {
        return false; // there is none, or it is full
      }
    },
    changed({ key, newValue, storageArea }) {
      const changes: Kept[] = [];
      if (names.length && storageArea === local()) {
        // Without a key all was cleared.
        for (const at of key === null ? keys(sizes) : [key]) {
          const kept = parse(at, newValue);
          if (kept) push(changes, kept);
        }
      }
      return changes;
    },
  };
}

const isOver = (expires: number | null): boolean => expires !== null && expires <= now();
