// The host side of compartments: which there are, which scripts and calls go into them,
// and what all of them are told.

import type { IsolatedScript, Stage, ToCompartment } from "../message/message";
import { Calls } from "./calls";
import { Compartment } from "./compartment";
import type { Config, Frame } from "./config";
import { listen } from "./dom";
import { PageWatch } from "./facts";
import { forwardCalls } from "./forward";
import type { Place } from "./frame";
import { placeOf, putFrame } from "./frame";
import { collectInert } from "./inert";
import { KeptValues } from "./kept";
import { watchView } from "./view";

/** All frames of one name. */
interface Named {
  readonly frame: Frame;
  readonly calls: Calls;
  readonly kept: KeptValues;
  readonly all: Compartment[];
  hidden?: Compartment;
  /** Visible ones stand where their scripts stood, or in a slot: one for each place. */
  readonly visible: WeakMap<Element, Compartment>;
  /** The one whose slot may yet come, and the script it is for. */
  later?: { readonly compartment: Compartment; readonly anchor: Element | null };
}

export class Compartments {
  readonly #config: Config;
  readonly #nonce: string;
  readonly #named = new Map<string, Named>();
  /** Where the page was loaded from. It may call itself something else by now. */
  readonly #page = location.href;
  /** What the page has reached: compartments that are opened later are told. */
  #stage: Stage = "loading";
  readonly #watch = new PageWatch((page) => this.#tell({ type: "page", page }));
  /** Puts the stubs of forwarded calls back. */
  #restub = () => {};

  constructor(config: Config, nonce: string) {
    this.#config = config;
    this.#nonce = nonce;
  }

  /** Begins: puts the stubs of forwarded calls in, and watches the page while it streams. */
  start(): void {
    const takers = new Map<string, Named[]>();
    for (const name of Object.keys(this.#config.compartments)) {
      for (const path of this.#config.compartments[name]?.forward ?? []) {
        takers.set(path, [...(takers.get(path) ?? []), this.#name(name)]);
      }
    }
    if (takers.size > 0) {
      this.#restub = forwardCalls(takers.keys(), (path, args) => {
        for (const named of takers.get(path) ?? []) passOn(named, path, args);
      });
      // A script of the page that came from elsewhere has run.
      listen(document, "load", this.#restub, { capture: true });
    }
    collectInert(
      this.#nonce,
      (name, script, anchor) => this.run(name, script, anchor),
      () => {
        this.#restub();
        this.#openLater(true);
      },
      () => {
        this.#openLater(false);
        this.#reach("interactive");
      },
    );
    listen(window, "load", () => this.#reach("complete"), { once: true });
    listen(window, "storage", (event: StorageEvent) => {
      for (const named of this.#named.values()) {
        for (const kept of named.kept.changed(event)) for (const one of named.all) one.post({ type: "kept", kept });
      }
    });
  }

  /** Runs a script in the named compartment, which is made where it is missing. */
  run(name: string, script: IsolatedScript, anchor: Element | null): void {
    this.#compartment(name, anchor).post({ type: "run", script });
  }

  #tell(message: ToCompartment): void {
    for (const named of this.#named.values()) for (const one of named.all) one.post(message);
  }

  #reach(stage: Stage): void {
    this.#stage = stage;
    this.#restub();
    this.#tell({ type: "stage", stage });
  }

  #name(name: string): Named {
    let named = this.#named.get(name);
    if (!named) {
      const known = Object.hasOwn(this.#config.compartments, name);
      const frame = (known && this.#config.compartments[name]) || {};
      named = { frame, calls: new Calls(), kept: new KeptValues(name, frame.storage ?? []), all: [], visible: new WeakMap() };
      this.#named.set(name, named);
    }
    return named;
  }

  #compartment(name: string, anchor: Element | null): Compartment {
    const named = this.#name(name);
    const place = placeOf(named.frame, anchor, this.#stage === "loading");
    if (place === "later") return (named.later ??= { compartment: this.#add(name, named), anchor }).compartment;
    const there = place ? named.visible.get(place.key) : named.hidden;
    return there ?? this.#open(named, this.#add(name, named), place);
  }

  /** Opens what has waited for a slot, if that is there or will not come any more. */
  #openLater(parsing: boolean): void {
    for (const named of this.#named.values()) {
      if (!named.later) continue;
      const { compartment, anchor } = named.later;
      const place = placeOf(named.frame, anchor, parsing);
      if (place === "later") continue;
      delete named.later;
      this.#open(named, compartment, place);
    }
  }

  #add(name: string, named: Named): Compartment {
    const compartment = new Compartment(name);
    for (const call of named.calls.missed(!named.frame.visible)) compartment.post(call);
    if (this.#stage !== "loading") compartment.post({ type: "stage", stage: this.#stage });
    named.all.push(compartment);
    return compartment;
  }

  #open(named: Named, compartment: Compartment, place: Place | null): Compartment {
    if (place) named.visible.set(place.key, compartment);
    else named.hidden = compartment;
    const { frame, kept } = named;
    const { element, maxWidth, maxHeight, resize } = putFrame(compartment.name, frame, place, this.#address(compartment.name));
    this.#watch.start();
    if (place) watchView(element, (view) => compartment.post({ type: "view", view }));
    compartment.talk(
      element,
      () => ({
        chatproxy: "hello",
        page: this.#watch.facts(),
        visible: place !== null,
        maxWidth,
        maxHeight,
        storage: frame.storage ?? [],
        kept: kept.all(),
      }),
      (message) => {
        if (message.type === "resize") resize(message.width, message.height);
        else if (message.type === "callback") named.calls.answer(message.id, message.args);
        else if (kept.keep(message.kept)) {
          for (const other of named.all) if (other !== compartment) other.post({ type: "kept", kept: message.kept });
        }
      },
    );
    return compartment;
  }

  /** The page's own path and query plus the marker, so that location reads as the page's. */
  #address(name: string): string {
    const url = new URL(this.#page);
    url.search += `${url.search ? "&" : "?"}${this.#config.marker}=${encodeURIComponent(name)}`;
    return url.href;
  }
}

/** Passes on a call to all frames of a name, and keeps it for those that come later. */
function passOn({ all, calls, frame }: Named, path: string, args: ArrayLike<unknown>): void {
  const message = calls.message(path, args);
  for (const compartment of all) compartment.post(message);
  if (all.length === 0 || frame.visible) calls.wait(message);
}
