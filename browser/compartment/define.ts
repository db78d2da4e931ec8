// Properties in place of the browser's own, and as theirs: on the object, enumerable,
// and to be redefined by whoever likes.

/** Defines a property that reads as what get returns. */
export function getter<This>(
  target: This & object,
  name: PropertyKey,
  get: (this: This) => unknown,
  set?: (this: This, value: unknown) => void,
): void {
  Object.defineProperty(target, name, { configurable: true, enumerable: true, get, ...(set && { set }) });
}

/** Defines methods. */
export function methods(target: object, functions: object): void {
  for (const [name, value] of Object.entries(functions)) {
    Object.defineProperty(target, name, { configurable: true, enumerable: true, writable: true, value });
  }
}

/** What the browser throws where a document has no storage of its own. */
export const refusal = (what: string): DOMException => new DOMException(`${what} is disabled.`, "SecurityError");

/** The browser's own setTimeout, whatever scripts and timers.ts do to it. */
export const later = window.setTimeout.bind(window);

/** Throws as the browser does where a method is called with fewer arguments than it needs. */
export function need(args: ArrayLike<unknown>, count: number): void {
  if (args.length < count) throw new TypeError(`${count} argument(s) required, but only ${args.length} present.`);
}
