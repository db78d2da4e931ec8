// Scripts that scripts create. The policy demands Trusted Types, so every script
// URL and every script text passes the default policy here, however it is set;
// and a script element needs the nonce, which it gets only when it is made
// through createElement. What goes another way has no nonce and does not run:
// this file grants, the policy header enforces.

import type { Decide } from "./decide";
import type { IsolatedScript } from "../message/message";

// The DOM library of TypeScript does not know Trusted Types yet.
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: {
      createHTML(text: string): string;
      createScript(text: string, type: string, sink: string): string | null;
      createScriptURL(url: string, type: string, sink: string): string | null;
    },
  ): unknown;
}

/** An empty script of ours: what an isolated script's element loads in the page. */
const EMPTY = "/.chatproxy/empty.js";
/** Answers 403, so that the element of a refused script fires an error event. */
const REFUSED = "/.chatproxy/refused.js";

export type RunIsolated = (compartment: string, script: IsolatedScript, anchor: Element | null) => void;

export function guardScripts(decide: Decide, nonce: string, runIsolated: RunIsolated): void {
  const trustedTypes = (window as unknown as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (trustedTypes) judge(trustedTypes, decide, runIsolated);
  nonceCreated(nonce);
}

function judge(trustedTypes: TrustedTypes, decide: Decide, runIsolated: RunIsolated): void {
  trustedTypes.createPolicy("default", {
    // Markup set from scripts cannot run scripts: handlers and script elements in
    // it have no nonce.
    createHTML: (text) => text,
    createScript: (_text, _type, sink) => {
      refuse("text", sink);
      return null;
    },
    createScriptURL: (text, _type, sink) => {
      const decision = decide(text);
      if (decision.verdict === "allow") return text;
      if (sink !== "HTMLScriptElement src") {
        refuse(decision.url, sink);
        return null;
      }
      if (decision.verdict === "strip") {
        refuse(decision.url, sink);
        return REFUSED;
      }
      runIsolated(
        decision.compartment,
        { src: decision.url, text: "", type: "", async: true, deferred: false, attributes: [] },
        null,
      );
      return EMPTY;
    },
  });
}

/** Gives the nonce to script and style elements that scripts of the page create. */
function nonceCreated(nonce: string): void {
  const proto = Document.prototype;
  const { createElement, createElementNS } = proto;
  const { apply } = Reflect;
  const grant = <E>(element: E): E => {
    if (element instanceof HTMLScriptElement || element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
  proto.createElement = function (this: Document, ...args: unknown[]) {
    return grant(apply(createElement, this, args));
  } as typeof createElement;
  proto.createElementNS = function (this: Document, ...args: unknown[]) {
    return grant(apply(createElementNS, this, args));
  } as typeof createElementNS;
}

function refuse(what: string, sink: string): void {
  console.warn(`chatproxy: refused ${what} for ${sink}: no rule of the policy allows it`);
}
