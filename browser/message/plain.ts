// Values of scripts as plain data: what is forwarded from the page into a
// compartment and back. Each value that is not a primitive is an array with its
// kind in front, so that no key of anybody's object is a key of ours: nothing that
// comes over the port can be a prototype (CWE-1321).

import { apply, defineProperty, isArray, isSafeInteger, keys, push, uncurry } from "./builtins";

/** What Object.prototype.toString says of a value, like "[object Map]". */
const tagOf = uncurry({}.toString) as (value: unknown) => string;
/** The time of a Date in ms since 1970; throws for what is none. */
const timeOf = uncurry(Date.prototype.getTime) as (value: unknown) => number;

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

/**
 * Returns the arguments of a call as plain data. A cycle, what is too deep or too much,
 * nodes, windows, maps and the like become null; a getter that throws gives null too.
 * numberOf gives the number of a function, or null.
 */
export function encode(args: ArrayLike<unknown>, numberOf: (f: Callable) => number | null): Plain[] {
  let values = 0;
  let text = 0;
  const around: object[] = []; // the objects that the value stands in
  const room = (more: string) =>
    ++values < MAX_VALUES && text + more.length <= MAX_TEXT && (text += more.length) >= 0;

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

/**
 * Returns the values that plain data stands for, or null where it is not plain data of a
 * bearable size, whoever sent it. functionOf gives the function of a number.
 */
export function decode(data: unknown, functionOf: (id: number) => unknown): unknown[] | null {
  let values = 0;
  let text = 0;
  const check = (holds: boolean): void => {
    if (!holds) throw null;
  };
  const all = (list: readonly unknown[], from: number, depth: number): unknown[] => {
    check(depth <= MAX_DEPTH);
    const result: unknown[] = [];
    for (let i = from; i < list.length; i++) push(result, decoded(list[i], depth));
    return result;
  };
  const decoded = (plain: unknown, depth: number): unknown => {
    check(++values <= MAX_VALUES);
    if (typeof plain === "string") check((text += plain.length) <= MAX_TEXT);
    if (typeof plain !== "object" || plain === null) {
      check(typeof plain !== "bigint");
      return plain;
    }
    check(isArray(plain));
    const list = plain as readonly unknown[];
    const kind = list[0];
    const one = list[1];
    if (kind === "date") {
      check(typeof one === "number");
      return new Date(one as number);
    }
    if (kind === "function") {
      check(isSafeInteger(one));
      return functionOf(one as number);
    }
    const parts = all(list, 1, depth + 1);
    if (kind === "arguments") return apply(argumentsOf, null, parts);
    if (kind === "list") return parts;
    check(kind === "object" && parts.length % 2 === 0);
    const result = {};
    for (let i = 0; i < parts.length; i += 2) {
      check(typeof parts[i] === "string");
      // Defined, not assigned: the key may be __proto__.
      defineProperty(result, parts[i] as string, { configurable: true, enumerable: true, writable: true, value: parts[i + 1] });
    }
    return result;
  };
  try {
    check(isArray(data));
    return all(data as unknown[], 0, 0);
  } catch {
    return null;
  }
}

function argumentsOf(): IArguments {
  return arguments;
}
