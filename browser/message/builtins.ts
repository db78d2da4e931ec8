// The built-ins of the language that the guard needs, as they were before any other
// script ran. A library that replaces a method of a prototype, or a script that does so
// to get at what the guard works with, changes nothing here (CWE-1321). Where a Map would
// do, the guard has objects without a prototype: they need no methods.

// One by one, so that a bundle has only what it uses; what no bundler can leave out
// stands with the one that needs it.
export const apply = Reflect.apply;
export const defineProperty = Object.defineProperty;
export const getOwnPropertyDescriptor = Object.getOwnPropertyDescriptor;
export const keys = Object.keys;
export const isArray = Array.isArray;
export const isSafeInteger = Number.isSafeInteger;
export const isFinite = Number.isFinite;

/** Makes a function of a method: its first argument is what it is a method of. */
export const uncurry =
  (method: unknown) =>
  (self: unknown, ...args: unknown[]): unknown =>
    apply(method as () => unknown, self, args);

/** A table whose keys are nobody else's. */
export type Table<T> = Record<string, T>;
export const newTable = <T>(): Table<T> => ({ __proto__: null }) as unknown as Table<T>;

/** Adds to the end of a list. */
export function push<T>(list: T[], value: T): void {
  list[list.length] = value;
}
