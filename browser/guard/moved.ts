// A script element whose script is isolated stays where it is. In place of its script
// it gets one of ours, and when the browser runs that, the guard hands the script over:
// so it runs when and where the browser would have run it, and not at all where the
// browser would not (an element that is never inserted, or set by innerHTML).

import { attributesOf } from "./inert";
import type { Decide, Decision } from "./decide";
import type { DecideInline } from "./inline";
import { apply, getOwnPropertyDescriptor, newTable } from "../message/builtins";
import type { IsolatedScript } from "../message/message";

export type Realm = Window & typeof globalThis;

/** Runs a script in a compartment; ran is told when it has run, or failed to load. */
export type RunIsolated = (
  compartment: string,
  script: IsolatedScript,
  anchor: Element | null,
  ran?: (ok: boolean) => void,
) => void;

/** What may run in an element, and how the rest gets into its compartment. */
export interface Rules {
  readonly decide: Decide;
  readonly decideInline: DecideInline;
  readonly run: RunIsolated;
}

type Script = HTMLScriptElement | SVGScriptElement;

const { dispatchEvent } = EventTarget.prototype;
const { stringify } = JSON;

/** An empty script, for the element of one that has a URL. The URL follows. */
const EMPTY = "/.chatproxy/empty.js";
// A page may have a global that is called origin.
const OWN = location.origin + EMPTY;
const EVENT = "chatproxy-moved";

/** Returns the URL for an element whose script is isolated. */
export const movedURL = (url: string): string => `${EMPTY}#${encodeURIComponent(url)}`;

/** Tells whether a URL is one of ours that an element may have. */
export const isOwnURL = (url: string): boolean => url.startsWith(OWN);

/** What was put in place of texts: the browser asks again about what was set. */
const texts = newTable<true>();

/** Returns the text for an element whose script is isolated. */
export function movedText(text: string): string {
  const moved = `document.dispatchEvent(new CustomEvent("${EVENT}",{detail:[this===void 0,${stringify(text)}]}))`;
  texts[moved] = true;
  return moved;
}

/** Tells whether a text is such a one. */
export const isMovedText = (text: string): boolean => texts[text] === true;

const addressOf = (script: Script): string =>
  "src" in script ? script.src : new URL(script.href.baseVal, location.href).href;

/** Returns a listener for load events of script elements, and of the page's own event. */
export function handOver(realm: Realm, { decide, decideInline, run }: Rules): (event: Event) => void {
  const current = getOwnPropertyDescriptor(realm.Document.prototype, "currentScript")?.get as () => Script | null;
  const move = (
    { verdict, compartment }: Decision,
    script: Script | null,
    src: string | null,
    text: string,
    module: boolean,
    async: boolean,
    ran?: (ok: boolean) => void,
  ): boolean => {
    if (verdict !== "isolate") return false;
    const attributes = script ? attributesOf(script) : [];
    run(compartment, { src, text, type: module ? "module" : "", async, deferred: false, attributes }, script, ran);
    return true;
  };
  return (event) => {
    if (event.type === EVENT) {
      const [module, text] = (event as CustomEvent<readonly [boolean, string]>).detail;
      move(decideInline(text), apply(current, realm.document, []) as Script | null, null, text, module, false);
      return;
    }
    const script = event.target as Script;
    // Events that scripts make say nothing; one of them is ours, below.
    if (!event.isTrusted || !/^script$/i.test(script.nodeName)) return;
    const address = addressOf(script);
    if (!isOwnURL(address)) return;
    const decision = decide(decodeURIComponent(address.split("#")[1] ?? ""));
    const module = script.type.toLowerCase() === "module";
    // The page hears of it when the script has run, not now.
    const ran = (ok: boolean) => apply(dispatchEvent, script, [new realm.Event(ok ? "load" : "error")]);
    if (move(decision, script, decision.url, "", module, !("async" in script) || script.async, ran)) event.stopImmediatePropagation();
  };
}

/** Has the listener called. The load event of an element does not come to the window (DOM §2.11). */
export function listen({ document }: Realm, listener: (event: Event) => void): void {
  for (const type of ["load", EVENT]) document.addEventListener(type, listener, true);
}
