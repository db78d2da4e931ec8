// The scripts that the proxy made inert, collected in document order while the page
// streams.

import type { IsolatedScript } from "../message/message";
import { baseURI } from "./dom";

/** Must equal rewrite.InertType. */
const INERT_TYPE = "text/x-chatproxy";
const OWN_ATTRIBUTES = /^(?:type|src|href|xlink:href|nonce|integrity|for|event|async|defer|on.*|data-chatproxy-.*)$/i;

/** A script that the proxy made inert, where it stood. SVG has scripts too. */
type InertScript = HTMLScriptElement | SVGScriptElement;

const isScript = (node: Node): node is InertScript =>
  node instanceof HTMLScriptElement || node instanceof SVGScriptElement;

/** Runs a script in the named compartment; anchor is its element. */
export type Run = (compartment: string, script: IsolatedScript, anchor: Element) => void;

/** Watches the page until the end of its markup. step is told before each look, and after the last that nothing is parsed any more. */
export function collectInert(nonce: string, run: Run, step: (parsing: boolean) => void): void {
  /** Inert scripts that were found, in document order, and not yet handed over. */
  const found: InertScript[] = [];

  const take = (records: readonly MutationRecord[]): void => {
    step(true);
    for (const record of records) {
      for (const node of record.addedNodes) {
        // The nonce shows that the proxy made it. Markup that was injected into
        // the page, or by a script, cannot have it.
        if (isScript(node) && node.type === INERT_TYPE && node.nonce === nonce) {
          node.nonce = "";
          found.push(node);
        }
      }
    }
    handOver(isComplete);
  };

  /** Hands over what is complete, up to the first that is not. */
  const handOver = (complete: (script: InertScript) => boolean): void => {
    for (let script = found[0]; script && complete(script); script = found[0]) {
      found.shift();
      // A browser that knows modules does not run these; it would fire no event.
      if (script.hasAttribute("nomodule") && !script.dataset["chatproxyType"]) continue;
      run(script.dataset["chatproxyCompartment"] ?? "", describe(script), script);
    }
  };

  const observer = new MutationObserver(take);
  observer.observe(document, { childList: true, subtree: true });
  addEventListener(
    "DOMContentLoaded",
    () => {
      take(observer.takeRecords());
      observer.disconnect();
      handOver(() => true);
      step(false);
    },
    { once: true },
  );
}

/**
 * Tells whether all of a script's text is there. The observer is called between
 * chunks of the page, when the element may stand without its text or with a part;
 * once anything follows it, the parser has read its end tag.
 */
function isComplete(script: InertScript): boolean {
  if (script.dataset["chatproxySrc"] !== undefined) return true;
  for (let node: Node | null = script; node; node = node.parentNode) if (node.nextSibling) return true;
  return false;
}

/** Reads an inert script's element. */
function describe(element: InertScript): IsolatedScript {
  const src = element.dataset["chatproxySrc"];
  return {
    src: src === undefined ? null : new URL(src, baseURI()).href,
    text: src === undefined ? (element.textContent ?? "") : "",
    type: element.dataset["chatproxyType"] ?? "",
    async: element.hasAttribute("async"),
    deferred: src !== undefined && element.hasAttribute("defer"),
    attributes: attributesOf(element),
  };
}

/** The attributes of a script element that are the script's own. */
export function attributesOf(element: Element): IsolatedScript["attributes"] {
  return [...element.attributes]
    .filter((attribute) => !OWN_ATTRIBUTES.test(attribute.name))
    .map((attribute) => [attribute.name, attribute.value] as const);
}
