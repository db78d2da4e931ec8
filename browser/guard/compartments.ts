// The host side of compartments: collects the inert scripts of the page in
// document order and runs them in opaque frames.

import type { Config, Frame } from "./config";
import type { Hello, IsolatedScript, PageFacts, Stage, ToCompartment } from "../message/message";
import { readToGuard } from "../message/message";
import { baseURI, body, createElement, head, referrer, root, title } from "./dom";

/** Must equal rewrite.InertType. */
const INERT_TYPE = "text/x-chatproxy";
const OWN_ATTRIBUTES = /^(?:type|nonce|for|event|async|defer|on.*|data-chatproxy-.*)$/i;
const ANY_SIZE: Frame = {};

/** A script that the proxy made inert, where it stood. SVG has scripts too. */
type InertScript = HTMLScriptElement | SVGScriptElement;

const isScript = (node: Node): node is InertScript =>
  node instanceof HTMLScriptElement || node instanceof SVGScriptElement;

/** A compartment's frame, and the way to it once its document is there. */
interface Compartment {
  readonly post: (message: ToCompartment) => void;
}

export class Compartments {
  readonly #config: Config;
  readonly #nonce: string;
  readonly #hidden = new Map<string, Compartment>();
  /** Visible compartments stand where their scripts stood: one for each place. */
  readonly #visible = new WeakMap<Element, Map<string, Compartment>>();
  /** Where the page was loaded from. It may call itself something else by now. */
  readonly #page = location.href;
  /** What the page has reached: compartments that are opened later are told. */
  #stage: Stage = "loading";
  readonly #all: Compartment[] = [];
  /** Inert scripts that were found, in document order, and not yet handed over. */
  #found: InertScript[] = [];

  constructor(config: Config, nonce: string) {
    this.#config = config;
    this.#nonce = nonce;
  }

  /** Watches the page while it streams. */
  collect(): void {
    const observer = new MutationObserver((records) => this.#take(records));
    observer.observe(document, { childList: true, subtree: true });
    addEventListener(
      "DOMContentLoaded",
      () => {
        this.#take(observer.takeRecords());
        observer.disconnect();
        this.#handOver(() => true);
        this.#reach("interactive");
      },
      { once: true },
    );
    addEventListener("load", () => this.#reach("complete"), { once: true });
  }

  #reach(stage: Stage): void {
    this.#stage = stage;
    for (const compartment of this.#all) compartment.post({ type: "stage", stage });
  }

  /** Runs a script in the named compartment, which is made where it is missing. */
  run(name: string, script: IsolatedScript, anchor: Element | null): void {
    this.#compartment(name, anchor).post({ type: "run", script });
  }

  #take(records: readonly MutationRecord[]): void {
    for (const record of records) {
      for (const node of record.addedNodes) {
        // The nonce shows that the proxy made it. Markup that was injected into
        // the page, or by a script, cannot have it.
        if (isScript(node) && node.type === INERT_TYPE && node.nonce === this.#nonce) {
          node.nonce = "";
          this.#found.push(node);
        }
      }
    }
    this.#handOver(isComplete);
  }

  /** Hands over what is complete, up to the first that is not. */
  #handOver(complete: (script: InertScript) => boolean): void {
    for (let script = this.#found[0]; script && complete(script); script = this.#found[0]) {
      this.#found.shift();
      // A browser that knows modules does not run these; it would fire no event.
      if (script.hasAttribute("nomodule") && !script.dataset["chatproxyType"]) continue;
      this.run(script.dataset["chatproxyCompartment"] ?? "", describe(script), script);
    }
  }

  #compartment(name: string, anchor: Element | null): Compartment {
    const known = Object.hasOwn(this.#config.compartments, name);
    const frame = (known && this.#config.compartments[name]) || ANY_SIZE;
    // What stands in the head has no place on the page.
    const place = frame.visible && !head()?.contains(anchor) ? anchor?.parentElement : null;
    let places = this.#hidden;
    if (place) {
      places = this.#visible.get(place) ?? new Map<string, Compartment>();
      this.#visible.set(place, places);
    }
    let compartment = places.get(name);
    if (!compartment) {
      compartment = this.#open(name, frame, place ? anchor : null);
      places.set(name, compartment);
      this.#all.push(compartment);
      if (this.#stage !== "loading") compartment.post({ type: "stage", stage: this.#stage });
    }
    return compartment;
  }

  #open(name: string, frame: Frame, anchor: Element | null): Compartment {
    const element = createElement("iframe");
    // The header of the compartment's document holds for that document. This holds
    // for whatever the frame goes to: another site in it has no origin either, and
    // cannot send the whole page somewhere else.
    element.setAttribute("sandbox", "allow-scripts allow-forms" + (frame.popups ? " allow-popups allow-popups-to-escape-sandbox" : ""));
    const waiting: ToCompartment[] = [];
    let port: MessagePort | null = null;
    element.title = anchor ? name : "";
    if (anchor) {
      Object.assign(element.style, {
        border: "0",
        display: "block",
        width: `${frame.width}px`,
        height: `${frame.height}px`,
        maxWidth: "100%",
        colorScheme: "normal",
      });
    } else {
      // Not display:none, in which some engines run no animation frames and
      // measure nothing.
      Object.assign(element.style, {
        position: "fixed",
        width: "1px",
        height: "1px",
        left: "-2px",
        top: "-2px",
        border: "0",
        opacity: "0",
        pointerEvents: "none",
      });
      element.setAttribute("aria-hidden", "true");
      element.tabIndex = -1;
    }
    element.addEventListener(
      "load",
      () => {
        const channel = new MessageChannel();
        port = channel.port1;
        port.onmessage = (event) => {
          const message = readToGuard(event.data);
          if (message?.type === "resize" && anchor) {
            const height = Math.min(Math.max(message.height, frame.height ?? 0), frame.maxHeight ?? 0);
            element.style.height = `${height}px`;
          }
        };
        const hello: Hello = {
          chatproxy: "hello",
          page: facts(),
          visible: anchor !== null,
          maxWidth: frame.maxWidth ?? 0,
          maxHeight: frame.maxHeight ?? 0,
          storage: [],
          kept: [],
        };
        // The origin is opaque and cannot be named; nothing secret is in it.
        element.contentWindow?.postMessage(hello, "*", [channel.port2]);
        for (const message of waiting.splice(0)) port.postMessage(message);
      },
      { once: true },
    );
    element.src = this.#address(name);
    if (anchor) anchor.after(element);
    else (body() ?? root()).append(element);
    return { post: (message) => void (port ? port.postMessage(message) : waiting.push(message)) };
  }

  /** The page's own path and query plus the marker, so that location reads as the page's. */
  #address(name: string): string {
    const url = new URL(this.#page);
    url.search += `${url.search ? "&" : "?"}${this.#config.marker}=${encodeURIComponent(name)}`;
    return url.href;
  }
}

/** Reads the page's facts as they are now. */
function facts(): PageFacts {
  const { scrollWidth, scrollHeight } = root();
  return {
    url: location.href,
    title: title(),
    referrer: referrer(),
    width: innerWidth,
    height: innerHeight,
    scrollX,
    scrollY,
    documentWidth: scrollWidth,
    documentHeight: scrollHeight,
  };
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
    attributes: [...element.attributes]
      .filter((attribute) => !OWN_ATTRIBUTES.test(attribute.name))
      .map((attribute) => [attribute.name, attribute.value] as const),
  };
}
