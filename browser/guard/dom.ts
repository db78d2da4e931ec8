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
export const hidden = getter<boolean>(Document.prototype, "hidden");
export const activeElement = getter<Element | null>(Document.prototype, "activeElement");
export const baseURI = getter<string>(Node.prototype, "baseURI");

export function createElement<K extends keyof HTMLElementTagNameMap>(name: K): HTMLElementTagNameMap[K] {
  return apply(create, document, [name]) as HTMLElementTagNameMap[K];
}

const { addEventListener } = EventTarget.prototype;
const { querySelector } = Document.prototype;
const { append, closest, remove, setAttribute } = Element.prototype;

export function listen<E extends Event>(
  target: EventTarget,
  type: string,
  listener: (event: E) => void,
  options?: AddEventListenerOptions,
): void {
  apply(addEventListener, target, [type, listener, options]);
}

/** Sets attributes of an element. */
export function attributes(element: Element, values: Readonly<Record<string, string>>): void {
  for (const name in values) apply(setAttribute, element, [name, values[name]]);
}

export function appendTo(parent: Element, child: Element): void {
  apply(append, parent, [child]);
}

export function takeAway(element: Element): void {
  apply(remove, element, []);
}

/** Returns the first element of a selector that the other stands in, or the first of the page. */
export function nearest(selector: string, from: Element | null): Element | null {
  try {
    return ((from && apply(closest, from, [selector])) ?? apply(querySelector, document, [selector])) as Element | null;
  } catch {
    console.warn(`chatproxy: ${selector} is no selector`);
    return null;
  }
}
