// The session history that scripts see. It is virtual: an entry of the frame would be
// one of the tab, and the page's back button would go through the frame's first. The
// address follows the current entry as far as the engine lets it: WebKit lets a
// document without an origin change its query and fragment, but not its path.

import { getter, later, methods, need } from "./define";

interface Entry {
  readonly state: unknown;
  readonly url: string;
}

const proto = History.prototype;
const { replaceState } = proto;
const before = history.length;
const entries: Entry[] = [];
let index = 0;
/** The address where the engine has refused it, else null. */
let refused: string | null = null;

/** The address of the page, as scripts see it everywhere but in location. */
export const href = (): string => refused ?? location.href;

/** Takes the address to where the document is said to be. */
function go(to: Entry): void {
  refused = null;
  try {
    Reflect.apply(replaceState, history, [to.state, "", to.url]);
  } catch {
    refused = to.url;
  }
}

/** Returns the address that a script asks for, or throws as the browser does. */
function resolve(url: unknown): string {
  const here = new URL(href());
  if (url === undefined || url === null) return here.href;
  let to: URL | null = null;
  try {
    to = new URL(String(url), here);
  } catch {
    // refused below
  }
  if (to?.origin !== here.origin || to.username !== here.username || to.password !== here.password) {
    throw new DOMException(`${String(url)} is another page than ${here.href}.`, "SecurityError");
  }
  return to.href;
}

/** Goes to another entry, which is there, and tells. */
function traverse(to: number): void {
  const from = href();
  index = to;
  const entry = entries[index] as Entry;
  go(entry);
  dispatchEvent(new PopStateEvent("popstate", { state: history.state as unknown }));
  tellHash(from, entry.url);
}

const withoutHash = (url: string): string => url.split("#", 1)[0] as string;

function tellHash(oldURL: string, newURL: string): void {
  if (oldURL !== newURL && withoutHash(oldURL) === withoutHash(newURL)) dispatchEvent(new HashChangeEvent("hashchange", { oldURL, newURL }));
}

/**
 * Moves to where the page has gone. To scripts it looks like a page that calls
 * pushState, which is what many of them have wrapped to hear of it, or like its
 * visitor who went back or forth or to a fragment.
 */
export function follow(url: string): void {
  const from = href();
  if (url === from) return;
  if (entries[index - 1]?.url === url) traverse(index - 1);
  else if (entries[index + 1]?.url === url) traverse(index + 1);
  else if (withoutHash(url) === withoutHash(from)) {
    entries.splice(index + 1, Infinity, { state: null, url });
    traverse(index + 1);
  } else history.pushState(null, "", url);
}

/** Begins at the address that the document has now. */
export function virtualHistory(): void {
  entries.push({ state: history.state, url: location.href });
  const visit = (state: unknown, url: unknown, at: number) => {
    const entry = { state: structuredClone(state), url: resolve(url) };
    entries.splice(at, Infinity, entry);
    index = at;
    go(entry);
  };
  methods(proto, {
    pushState(...args: unknown[]) {
      need(args, 2);
      visit(args[0], args[2], index + 1);
    },
    replaceState(...args: unknown[]) {
      need(args, 2);
      const rest = entries.slice(index + 1);
      visit(args[0], args[2], index);
      entries.push(...rest);
    },
    go(delta: unknown = 0) {
      later(() => {
        const to = index + (Number(delta) | 0);
        if (to !== index && entries[to]) traverse(to);
      });
    },
    back: () => history.go(-1),
    forward: () => history.go(1),
  });
  getter(proto, "length", () => before + entries.length - 1);
  const state = Object.getOwnPropertyDescriptor(proto, "state")?.get as () => unknown;
  getter(proto, "state", () => (refused === null ? Reflect.apply(state, history, []) : entries[index]?.state));
}
