// The built-ins of the language that the guard needs, as they were before any other
// script ran. A library that replaces a method of a prototype, or a script that does so
// to get at what the guard works with, changes nothing here (CWE-1321). Where a Map would
// do, the guard has objects without a prototype: they need no methods.

export const { apply } = Reflect;
export const { defineProperty, getOwnPropertyDescriptor, keys } = Object;
export const { isArray } = Array;
export const { isSafeInteger, isFinite } = Number;

/** Makes a function of a method: its first argument is what it is a method of. */
export const uncurry =
  (method: unknown) =>
  (self: unknown, ...args: unknown[]): unknown =>
    apply(method as () => unknown, self, args);

export const split = uncurry("".split) as (text: string, by: string) => string[];
export const indexOf = uncurry("".indexOf) as (text: string, part: string, from?: number) => number;
export const slice = uncurry("".slice) as (text: string, from: number, to?: number) => string;
export const weakAdd = uncurry(WeakSet.prototype.add) as (set: WeakSet<object>, value: object) => void;
export const weakHas = uncurry(WeakSet.prototype.has) as (set: WeakSet<object>, value: object) => boolean;

/** What Object.prototype.toString says of a value, like "[object Map]". */
export const tagOf = uncurry({}.toString) as (value: unknown) => string;
/** The time of a Date in ms since 1970; throws for what is none. */
export const timeOf = uncurry(Date.prototype.getTime) as (value: unknown) => number;

/** A table whose keys are nobody else's. */
export type Table<T> = Record<string, T>;
export const newTable = <T>(): Table<T> => ({ __proto__: null }) as unknown as Table<T>;

/** Adds to the end of a list. */
export function push<T>(list: T[], value: T): void {
  list[list.length] = value;
}
