// The page's document, out of reach of its markup. A form or an image named "head" or
// "createElement" takes the place of that property of document (DOM clobbering,
// CWE-79), so what the guard needs is taken from the prototypes, once, before any
// markup is there.

const { apply } = Reflect;

function getter<T>(prototype: object, name: string): () => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => T;
  return () => apply(get, document, []) as T;
}

const create = Document.prototype.createElement;

export const head = getter<HTMLHeadElement | null>(Document.prototype, "head");
export const body = getter<HTMLElement | null>(Document.prototype, "body");
export const root = getter<HTMLElement>(Document.prototype, "documentElement");
export const title = getter<string>(Document.prototype, "title");
export const referrer = getter<string>(Document.prototype, "referrer");
export const readyState = getter<DocumentReadyState>(Document.prototype, "readyState");
export const baseURI = getter<string>(Node.prototype, "baseURI");

export function createElement<K extends keyof HTMLElementTagNameMap>(name: K): HTMLElementTagNameMap[K] {
  return apply(create, document, [name]) as HTMLElementTagNameMap[K];
}
