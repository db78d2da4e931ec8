// Scripts in markup that scripts write: document.write, and srcdoc. The text is no
// place to judge a script, since only the parser knows what in it is one. So the start
// tags that look like a script's become inert, what the parser has made of them is
// replaced by an element that is created, and that one meets the rules of those. Where
// the look is wrong the element has no nonce and does not run: nothing is granted here.

import type { Realm } from "./moved";

// Nobody else's markup has this type: it is made up anew for each page.
const TYPE = `text/x-chatproxy-${crypto.getRandomValues(new Uint32Array(4)).join("")}`;
const TYPE_WAS = "data-chatproxy-was";
/** What is put into a start tag, and how it is found again. */
const MARK = ` type=${TYPE} ${TYPE_WAS}`;
const MARKS = new RegExp(`${MARK}(?:=[^ ]*)? `, "g");

/** The types of a script that a browser acts on, and some more. */
const RUNS = /^(?:module|importmap|speculationrules|[\w/+-]*(?:java|ecma|j|live)script[\d.]*|)$/i;

/**
 * Makes the scripts of a text inert. What looks like a start tag may stand in the value of
 * an attribute: a mark with quotes would end the value, and make markup of what was data
 * (CWE-116).
 */
export const inert = (text: string): string =>
  text.replace(/<script(?=[\s/>])([^>]*)/gi, (tag: string, rest: string) => {
    const [, a, b, c] = /(?:^|[\s"'/])type\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(rest) ?? [];
    const type = (a ?? b ?? c ?? "").trim();
    // Of two attributes of one name the first counts.
    return RUNS.test(type) ? `<script${MARK}${type && `=${type}`} ${rest}` : tag;
  });

/** Creates the script that an inert or a parsed one stands for. */
export function recreate(script: HTMLScriptElement, realm: Realm): HTMLScriptElement {
  const created = realm.document.createElement("script");
  for (const attribute of script.attributes) {
    const { name, value } = attribute;
    if (name === TYPE_WAS) {
      if (value) created.type = value;
    } else if (value !== TYPE && name !== "nonce") {
      // The parser knows names that setAttribute refuses.
      created.setAttributeNode(attribute.cloneNode() as Attr);
    }
  }
  created.async = script.hasAttribute("async");
  if (!script.hasAttribute("src")) created.text = script.text.replace(MARKS, "");
  return created;
}

/** Puts the scripts that were written into a document in force, one after the other. */
export class Written {
  readonly #realm: Realm;
  #observer: MutationObserver | undefined;
  readonly #found: HTMLScriptElement[] = [];
  /** What was written of a script whose end was not. */
  #open = "";
  #last: Promise<void> = Promise.resolve();

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  /** Returns a text that is about to be written with its scripts inert. */
  write(text: string): string {
    const marked = inert(text);
    if (marked !== text && !this.#observer) {
      this.#observer = new MutationObserver((records) => {
        for (const { addedNodes } of records) for (const node of addedNodes) this.#find(node);
        this.#next();
      });
      this.#observer.observe(this.#realm.document, { childList: true, subtree: true });
    }
    const all = this.#open + text;
    const begin = all.toLowerCase().lastIndexOf("<script");
    this.#open = begin < 0 || /<\/script/i.test(all.slice(begin)) ? "" : all.slice(begin);
    return marked;
  }

  /** Takes what stands in a document that is complete. */
  take(): void {
    for (const script of this.#realm.document.querySelectorAll("script")) this.#find(script);
    this.#open = "";
    this.#next();
  }

  /** Goes by names: to Chromium a node may be of the realm that looks at it first. */
  #find(node: Node): void {
    if (node.nodeName === "SCRIPT" && (node as HTMLScriptElement).type === TYPE) this.#found.push(node as HTMLScriptElement);
  }

  #next(): void {
    while (this.#found.length > (this.#open ? 1 : 0)) {
      const script = this.#found.shift() as HTMLScriptElement;
      this.#last = this.#last.then(() => this.#run(script));
    }
  }

  /** Resolves when those that come behind it may run. */
  #run(script: HTMLScriptElement): Promise<void> | void {
    const created = recreate(script, this.#realm);
    const waits = created.hasAttribute("src") && !created.async && created.type !== "module" && script.isConnected;
    const ran = new Promise<void>((done) => {
      for (const event of ["load", "error"]) created.addEventListener(event, () => done(), { once: true });
    });
    script.replaceWith(created);
    if (waits) return ran;
  }
}
