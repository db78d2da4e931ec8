// Scripts that scripts create. The policy demands Trusted Types, so every script
// URL and every script text passes the default policy here, however it is set;
// and a script element needs the nonce, which it gets only when it is made
// through createElement. What goes another way has no nonce and does not run:
// this file grants, the policy header enforces.

import { apply, defineProperty, getOwnPropertyDescriptor } from "../message/builtins";
import { watchFrames } from "./frames";
import type { Realm, Rules } from "./moved";
import { handOver, isMovedText, isOwnURL, listen, movedText, movedURL } from "./moved";
import type { Report } from "./report";
import { inert, recreate, Written } from "./written";

// The DOM library of TypeScript does not know Trusted Types yet.
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: {
      createHTML(text: string, type: string, sink: string): string;
      createScript(text: string, type: string, sink: string): string | null;
      createScriptURL(url: string, type: string, sink: string): string | null;
    },
  ): unknown;
}

/** Answers 404, so that the element of a refused script fires an error event. */
const REFUSED = "/.chatproxy/refused.js";

const { parse } = JSON;

export function guardScripts(nonce: string, rules: Rules, report: Report): void {
  const entered = new WeakMap<Document, Written>();
  const enter = (realm: Realm): void => {
    const { document } = realm;
    if (entered.has(document)) return;
    const written = new Written(realm);
    entered.set(document, written);
    const moved = handOver(realm, rules);
    const look = watchFrames(realm, enter);
    const listener = (event: Event): void => {
      moved(event);
      const child = event.type === "load" && look(event.target);
      if (child) entered.get(child)?.take();
    };
    const write = (text: string): string => {
      listen(realm, listener); // a write to a document that is complete takes listeners away
      return written.write(text);
    };
    const judged = judge(realm, rules, report, write);
    grant(realm, nonce, judged, moved);
    listen(realm, listener);
  };
  enter(window);
}

/**
 * Makes the realm's default policy. Without one, where the browser has no Trusted
 * Types or somebody else was first, nothing judges what is created.
 */
function judge(realm: Realm, rules: Rules, report: Report, write: (text: string) => string): boolean {
  const { trustedTypes } = realm as unknown as { trustedTypes?: TrustedTypes };
  const refuse = <T>(directive: string, blocked: string, instead: T): T => {
    report(directive, blocked);
    return instead;
  };
  try {
    trustedTypes?.createPolicy("default", {
      // What is set as markup runs no scripts: they have no nonce, and most browsers
      // would not run them anyway. What is written does.
      createHTML: (text, _type, sink) =>
        /^Document write/.test(sink) ? write(text) : sink === "HTMLIFrameElement srcdoc" ? inert(text) : text,
      createScript: (text, _type, sink) => {
        if (/^(?:HTML|SVG)ScriptElement/.test(sink)) {
          if (!text.trim() || isMovedText(text) || isData(text)) return text;
          const { verdict } = rules.decideInline(text);
          if (verdict === "allow") return text;
          return verdict === "isolate" ? movedText(text) : refuse("script-src-elem", "inline", "");
        }
        // A handler runs by its hash in the policy if it is pinned. Of another one the
        // browser reports that it does not.
        if (/^Element on/.test(sink)) return text;
        // Text for eval, timers and javascript: URLs is nobody's to allow. The browser
        // reports it.
        return null;
      },
      createScriptURL: (text, _type, sink) => {
        const { verdict, url } = rules.decide(text);
        if (verdict === "allow" || isOwnURL(url)) return text;
        const script = /^(?:HTML|SVG)ScriptElement|^SVGAnimatedString/.test(sink);
        // A worker has the page's origin and no document that could be a compartment's.
        return script && verdict === "isolate" ? movedURL(url) : refuse(script ? "script-src-elem" : "worker-src", url, REFUSED);
      },
    });
  } catch {
    return false;
  }
  return trustedTypes !== undefined;
}

/**
 * Tells whether a text is JSON, which does nothing when it runs: the data of a data
 * block (JSON-LD). Import maps and speculation rules are JSON that does something.
 */
function isData(text: string): boolean {
  try {
    const value = parse(text) as unknown;
    return typeof value !== "object" || value === null || !ACTIVE.some((key) => key in value);
  } catch {
    return false;
  }
}

const ACTIVE = ["imports", "scopes", "integrity", "prefetch", "prerender"];

/** Gives the nonce to what scripts of the realm create. */
function grant(realm: Realm, nonce: string, judged: boolean, moved: (event: Event) => void): void {
  const { document, HTMLScriptElement, SVGScriptElement, HTMLStyleElement, HTMLLinkElement } = realm;
  const proto = realm.Document.prototype;
  for (const name of ["createElement", "createElementNS"] as const) {
    const create = proto[name];
    proto[name] = function (this: Document, ...args: unknown[]) {
      const element: unknown = apply(create, this, args);
      // Not in another document: WebKit 2.50 puts no attribute to the policy there.
      if (this === document) {
        if (element instanceof HTMLStyleElement) element.nonce = nonce;
        else if (judged && (element instanceof HTMLScriptElement || element instanceof SVGScriptElement)) {
          element.nonce = nonce;
          // In a shadow tree the window does not hear of it.
          element.addEventListener("load", moved);
        }
      }
      return element;
    } as never;
  }
  if (!judged) return;

  // Scripts in a fragment of this kind run when it is inserted.
  const range = realm.Range.prototype;
  const { createContextualFragment } = range;
  range.createContextualFragment = function (this: Range, ...args: unknown[]) {
    const fragment = apply(createContextualFragment, this, args) as DocumentFragment;
    for (const script of fragment.querySelectorAll("script")) {
      if (script.nodeName === "SCRIPT") script.replaceWith(recreate(script as HTMLScriptElement, realm));
    }
    return fragment;
  };

  // Chromium and WebKit copy the nonce with the attributes, and not where there is none.
  const { cloneNode } = realm.Node.prototype;
  HTMLScriptElement.prototype.cloneNode = function (this: HTMLScriptElement, deep?: boolean) {
    const clone = apply(cloneNode, this, [deep]) as HTMLScriptElement;
    clone.nonce ||= this.nonce;
    return clone;
  };

  // Preloads of scripts need the nonce; style sheets must not have it.
  const link = HTMLLinkElement.prototype;
  const rel = getOwnPropertyDescriptor(link, "rel") as PropertyDescriptor & { set: (value: string) => void };
  const { setAttribute } = realm.Element.prototype;
  const before = new WeakMap<HTMLLinkElement, string>(); // what the page itself had set
  const preload = (element: HTMLLinkElement) => {
    if (element.ownerDocument !== document) return;
    const own = before.get(element);
    if (/^\s*(?:module)?preload\s*$/i.test(element.rel)) {
      if (own === undefined) before.set(element, element.nonce);
      element.nonce = nonce;
    } else if (own !== undefined) {
      before.delete(element);
      if (element.nonce === nonce) element.nonce = own;
    }
  };
  defineProperty(link, "rel", {
    ...rel,
    set(this: HTMLLinkElement, value: string) {
      apply(rel.set, this, [value]);
      preload(this);
    },
  });
  link.setAttribute = function (this: HTMLLinkElement, ...args: unknown[]) {
    apply(setAttribute, this, args);
    if (/^rel$/i.test(String(args[0]))) preload(this);
  };
}
