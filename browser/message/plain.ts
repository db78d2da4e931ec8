// Values of scripts as plain data: what is forwarded from the page into a
// compartment and back. Each value that is not a primitive is an array with its
// kind in front, so that no key of anybody's object is a key of ours: nothing that
// comes over the port can be a prototype (CWE-1321).

import { apply, defineProperty, isArray, isSafeInteger, keys, push, tagOf, timeOf } from "./builtins";

export type Plain =
  | null
  | undefined
  | boolean
  | number
  | string
  | readonly ["list", ...Plain[]]
  /** The arguments of a function: gtag tells them from an array. */
  | readonly ["arguments", ...Plain[]]
  /** An object: key, value, key, value. */
  | readonly ["object", ...Plain[]]
  /** A time in ms since 1970. */
  | readonly ["date", number]
  /** A function of the page's, by its number. */
  | readonly ["function", number];

/** How deep and how many, in all arguments of a call: what is beyond is left out. */
export const MAX_DEPTH = 16;
export const MAX_VALUES = 10_000;
/** How much text, in UTF-16 units. */
export const MAX_TEXT = 1 << 20;

type Callable = (...args: never[]) => unknown;

/** Tells whether all of a list is plain data, together of a bearable size, whoever sent it. */
export function arePlain(data: unknown): data is readonly Plain[] {
  let values = 0;
  let text = 0;
  const check = (value: unknown, depth: number): boolean => {
    if (++values > MAX_VALUES || depth > MAX_DEPTH) return false;
    if (typeof value === "string") return (text += value.length) <= MAX_TEXT;
    if (typeof value !== "object") return value === undefined || typeof value === "boolean" || typeof value === "number";
    if (value === null) return true;
    if (!isArray(value)) return false;
    const kind: unknown = value[0];
    if (kind === "date") return value.length === 2 && typeof value[1] === "number";
    if (kind === "function") return value.length === 2 && isSafeInteger(value[1]);
    const pairs = kind === "object";
    if (pairs ? value.length % 2 === 0 : kind !== "list" && kind !== "arguments") return false;
    for (let i = 1; i < value.length; i++) {
      if ((pairs && i % 2 === 1 && typeof value[i] !== "string") || !check(value[i], depth + 1)) return false;
    }
    return true;
  };
  if (!isArray(data)) return false;
  for (let i = 0; i < data.length; i++) if (!check(data[i], 0)) return false;
  return true;
}

/** Tells whether it is plain data of a bearable size, whoever sent it. */
export const isPlain = (data: unknown): data is Plain => arePlain([data]);

/**
 * Returns the arguments of a call as plain data. A cycle, what is too deep or too much,
 * nodes, windows, maps and the like become null; a getter that throws gives null too.
 * numberOf gives the number of a function, or null.
 */
export function encode(args: ArrayLike<unknown>, numberOf: (f: Callable) => number | null): Plain[] {
  let values = 0;
  let text = 0;
  const around: object[] = []; // the objects that the value stands in
  const room = (more: string) => ++values < MAX_VALUES && (text += more.length) <= MAX_TEXT;

  const part = (from: object, key: string | number): Plain => {
    try {
      const value = (from as Record<string | number, unknown>)[key];
      switch (typeof value) {
        case "undefined":
        case "boolean":
        case "number":
          return value;
        case "bigint":
          return `${value}`;
        case "string":
          return room(value) ? value : null;
        case "function": {
          const id = numberOf(value as Callable);
          return id && ["function", id];
        }
        case "object":
          return value && inside(value);
      }
    } catch {
      // A getter, or a proxy's trap; or no date.
    }
    return null;
  };

  const inside = (value: object): Plain => {
    let { length } = around;
    const depth = length;
    while (length--) if (around[length] === value) return null;
    if (depth >= MAX_DEPTH) return null;
    const tag = tagOf(value);
    const pairs = tag === "[object Object]" || tag === "[object Error]";
    const kind = isArray(value) ? "list" : tag === "[object Arguments]" ? "arguments" : "object";
    if (!pairs && kind === "object") return ["date", timeOf(value)];
    const names = tag === "[object Error]" ? ["name", "message", "stack"] : keys(value);
    const result: Plain[] = [kind];
    around[depth] = value;
    for (let i = 0; i < (pairs ? names : (value as unknown[])).length && room(""); i++) {
      const name = names[i] as string;
      if (pairs && !room(name)) break;
      if (pairs) push(result, name);
      push(result, part(value, pairs ? name : i));
    }
    around.length = depth;
    return result as unknown as Plain;
  };

  const result: Plain[] = [];
  for (let i = 0; i < args.length && room(""); i++) push(result, part(args, i));
  return result;
}

/** Returns the values that plain data stands for. functionOf gives the function of a number. */
export function decode(data: readonly Plain[], functionOf: (id: number) => unknown): unknown[] {
  const value = (plain: Plain): unknown => {
    if (typeof plain !== "object" || plain === null) return plain;
    switch (plain[0]) {
      case "date":
        return new Date(plain[1]);
      case "function":
        return functionOf(plain[1]);
      case "object": {
        const result = {};
        for (let i = 1; i < plain.length; i += 2) {
          // Defined, not assigned: the key may be __proto__.
          defineProperty(result, plain[i] as string, {
            configurable: true,
            enumerable: true,
            writable: true,
            value: value(plain[i + 1]),
          });
        }
        return result;
      }
      default: {
        const result = all(plain, 1);
        return plain[0] === "arguments" ? apply(argumentsOf, null, result) : result;
      }
    }
  };
  const all = (list: readonly Plain[], from: number): unknown[] => {
    const result: unknown[] = [];
    for (let i = from; i < list.length; i++) push(result, value(list[i]));
    return result;
  };
  return all(data, 0);
}

function argumentsOf(): IArguments {
  return arguments;
}
