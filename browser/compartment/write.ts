// document.write. The frame's own document has long been loaded when scripts come, so
// the browser's would take it away, and the prelude with it. What a script writes goes
// to where it stands, as if it stood in a page that is being parsed: markup may come in
// pieces that end anywhere, and scripts in it run in their order, may wait for the
// network, and may write themselves.
//
// The browser's own parser does the work, in a document without a window; what it has
// made is copied from there, node by node, since nothing runs or loads there.

import { methods } from "./define";
import { reachStage, restart } from "./stage";

const proto = Document.prototype;
const native = { open: proto.open, write: proto.write, writeln: proto.writeln, close: proto.close };
const SCRIPT_END = /<\/script(?:[\t\n\f\r /][^>]*)?>/i;
const CLASSIC = /^(?:(?:text|application)\/(?:x-)?(?:java|ecma|j|live)script(?:1\.\d)?)?$/i;

type Script = HTMLScriptElement | SVGScriptElement;

const isScript = (node: Node): node is Script => node.nodeName.toLowerCase() === "script";

/** Whose scripts write where. */
const writers = new WeakMap<Script, Writer>();
/** The writer of the script that was handed over last, and the one of document.open. */
let current: Writer | null = null;
let opened: Writer | null = null;

export class Writer {
  /** The script that stands where is written to; null for the whole document. */
  readonly #script: Script | null;
  readonly #parser = document.implementation.createHTMLDocument("");
  /** What was written and is not parsed yet. */
  #input = "";
  /** The script that the parser waits for. */
  #blocker: Script | null = null;
  /** How much stood behind the point where a script began to write. */
  readonly #behind = new WeakMap<Script, number>();
  /** What the parser's nodes are here, and the parent and text that they had. */
  readonly #copies = new Map<Node, { copy: Node; parent: Node; text: string | null }>();
  #ended: (() => void) | null = null;

  constructor(script: Script | null) {
    this.#script = script;
    if (script) writers.set(script, this);
    Reflect.apply(native.open, this.#parser, []);
    // Where a script stands in a page, the body has begun.
    if (script) this.#feed("<!doctype html><body>");
    current = this;
  }

  /** Writes at the place of the script, which is the writer's own or one that was written. */
  write(text: string, script: Script | null): void {
    let behind = 0;
    if (script && script !== this.#script) {
      behind = this.#behind.get(script) ?? this.#input.length;
      this.#behind.set(script, behind);
    }
    const at = this.#input.length - behind;
    this.#input = this.#input.slice(0, at) + text + this.#input.slice(at);
    // What was waited for runs now, or it could not write.
    if (script === this.#blocker) this.#blocker = null;
    this.#parse(behind);
  }

  /** Ends what is written: no more will come. Resolves when all scripts in it have run. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#ended = resolve;
      this.#parse(0);
    });
  }

  #feed(text: string): void {
    Reflect.apply(native.write, this.#parser, [text]);
  }

  /** Parses up to what stands behind the place of writing. */
  #parse(behind: number): void {
    while (!this.#blocker) {
      const input = this.#input.slice(0, this.#input.length - behind);
      const end = SCRIPT_END.exec(input);
      let take = end ? end.index + end[0].length : input.length;
      // A tag that is not complete may become the end of a script.
      const open = input.lastIndexOf("<");
      if (!end && open >= 0 && !this.#ended && !input.includes(">", open)) take = open;
      if (!take) break;
      this.#input = this.#input.slice(take);
      this.#feed(input.slice(0, take));
      this.#copy(end?.[0] ?? "");
    }
    if (this.#ended && !this.#blocker && !this.#input) {
      this.#ended();
      this.#ended = null;
      if (current === this) current = null;
    }
  }

  /** Copies what the parser has made, and runs the scripts that it has come to the end of. */
  #copy(end: string): void {
    const { head, body } = this.#parser;
    let found: Found | null;
    do {
      if (this.#script) found = this.#children(body, this.#script.parentNode ?? document.body, this.#script, end);
      else {
        for (const { name, value } of body?.attributes ?? []) {
          if (!document.body.hasAttribute(name)) document.body.setAttribute(name, value);
        }
        found = (head && this.#children(head, document.head, null, end)) ?? (body && this.#children(body, document.body, null, end));
      }
      if (found) this.#run(found);
    } while (found && !this.#blocker);
  }

  /** Copies the children of a parser's node into a node of ours. Stops before a script that is to run. */
  #children(from: Node, to: Node, behind: Node | null, end: string): Found | null {
    let last = behind;
    for (let node = from.firstChild; node; node = node.nextSibling) {
      let known = this.#copies.get(node);
      const text = node.nodeValue;
      if (!known && isScript(node)) {
        // One whose end has not come has the end tag of something else in its text.
        if (!node.nextSibling && (!end || node.textContent?.endsWith(end))) return null;
        return { node, to, last };
      }
      if (known?.parent !== from) {
        // It is new, or misnested markup has sent it elsewhere.
        known = { copy: known?.copy ?? document.importNode(node), parent: from, text };
        this.#copies.set(node, known);
        insert(known.copy, to, last);
      } else if (known.text !== text) {
        known.copy.nodeValue = known.text = text;
      }
      last = known.copy;
      if (isScript(node)) continue;
      // Without scripts some parsers make elements of what is text here.
      if (node.nodeName === "NOSCRIPT") {
        last.textContent = (node as Element).firstElementChild ? (node as Element).innerHTML : node.textContent;
        continue;
      }
      const inside = (of: Node): Node => (of.nodeName === "TEMPLATE" && (of as HTMLTemplateElement).content) || of;
      const found = this.#children(inside(node), inside(last), null, end);
      if (found) return found;
    }
    return null;
  }

  /** Runs a script in its place. The parser's own has been through its parser and would not run. */
  #run({ node, to, last }: Found): void {
    const copy = document.createElementNS(node.namespaceURI, node.localName) as Script;
    for (const { name, value } of node.attributes) copy.setAttribute(name, value);
    copy.textContent = node.textContent;
    const attribute = (name: string) => copy.getAttribute(name);
    const classic = CLASSIC.test(attribute("type")?.trim() ?? "") && attribute("nomodule") === null;
    const external = attribute("src") !== null || attribute("href") !== null;
    const waits = external && attribute("async") === null && attribute("defer") === null;
    if (copy instanceof HTMLScriptElement) copy.async = attribute("async") !== null;
    if (classic && (waits || !external)) writers.set(copy, this);
    if (classic && waits) {
      this.#blocker = copy;
      const go = () => {
        if (this.#blocker === copy) this.#blocker = null;
        this.#parse(0);
      };
      copy.addEventListener("load", go);
      copy.addEventListener("error", go);
    }
    this.#copies.set(node, { copy, parent: node.parentNode as Node, text: null });
    insert(copy, to, last);
  }
}

/** A script of the parser's, and where it is to stand: in a node, behind one of its children. */
interface Found {
  readonly node: Script;
  readonly to: Node;
  readonly last: Node | null;
}

function insert(node: Node, to: Node, behind: Node | null): void {
  // A script may have taken away what it stands behind.
  to.insertBefore(node, behind?.parentNode === to ? behind.nextSibling : null);
}

export function virtualWrite(): void {
  const own = [...document.head.childNodes];
  const open = (): Writer => {
    for (const node of [...document.head.childNodes]) if (!own.includes(node)) node.remove();
    document.body.replaceChildren();
    restart();
    return (opened = new Writer(null));
  };
  const write = (text: string): void => {
    const script = document.currentScript;
    const writer = script && writers.get(script);
    if (writer) writer.write(text, script);
    else if (script && (script.hasAttribute("src") || script.hasAttribute("href"))) {
      console.warn("document.write of an asynchronous script is ignored."); // HTML's own rule
    } else if (script && current) current.write(text, null);
    else (opened ?? open()).write(text, null);
  };
  methods(proto, {
    write(this: Document, ...texts: string[]) {
      if (this === document) write(texts.join(""));
      else Reflect.apply(native.write, this, texts);
    },
    writeln(this: Document, ...texts: string[]) {
      if (this === document) write(texts.join("") + "\n");
      else Reflect.apply(native.writeln, this, texts);
    },
    open(this: Document, ...args: [string, string, string]) {
      if (this !== document) return Reflect.apply(native.open, this, args) as unknown;
      if (args.length > 2) return window.open(...args);
      const script = document.currentScript;
      if (!script || !writers.has(script)) open();
      return document;
    },
    close(this: Document) {
      if (this !== document) return Reflect.apply(native.close, this, []);
      const writer = opened;
      opened = null;
      void writer?.end().then(() => reachStage("complete"));
    },
  });
}
