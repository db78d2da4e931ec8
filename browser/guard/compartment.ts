// One compartment: its frame, and the port over which the two of us talk.

import type { Heard, Hello, Readers, ToCompartment } from "../message/message";
import { apply, getOwnPropertyDescriptor, push, uncurry } from "../message/builtins";
import { readToGuard } from "../message/message";
import { listen, takeAway } from "./dom";
import { newPace, now } from "./limits";

/** What a message costs, beside a token for each ms that it takes to read. */
const COST = { ran: 1, resize: 1, keep: 2, callback: 5 };
const COST_OF_NONSENSE = 10;
/** How long reading one message may take, in ms. What the guard is to be told takes less than one. */
const LONG = 100;

const Channel = MessageChannel;
const Observer = ResizeObserver;
const { postMessage, close } = MessagePort.prototype;
const getter = <T>(prototype: object, name: string) => uncurry(getOwnPropertyDescriptor(prototype, name)?.get) as (of: object) => T;
const windowOf = getter<Window | null>(HTMLIFrameElement.prototype, "contentWindow");
const dataOf = getter<unknown>(MessageEvent.prototype, "data");
const sourceOf = getter<Window | null>(MessageEvent.prototype, "source");
const { observe } = Observer.prototype;
const { stopImmediatePropagation } = Event.prototype;

const { add, has } = WeakSet.prototype;
/** The windows of all frames, also of those that we talk to no more. */
const windows = new WeakSet<Window>();

/**
 * Keeps from the page what compartments, and frames in them, post to its window. Few
 * listeners ask where a message comes from (CWE-346), and reading one can take seconds
 * (CWE-770): here it is not read.
 */
export function muteWindows(): void {
  listen(
    window,
    "message",
    (event) => {
      let last = null;
      for (let source = sourceOf(event); source && source !== last; source = source.parent) {
        if (apply(has, windows, [source])) return apply(stopImmediatePropagation, event, []);
        last = source;
      }
    },
    { capture: true },
  );
}

export interface Compartment {
  /** Says something, at once or when the frame is there. */
  readonly post: (message: ToCompartment) => void;
  /**
   * Talks to a frame that was put into the page: once its document is there, and to no
   * other. gone is told once, when the talk is over for good.
   */
  readonly talk: (
    element: HTMLIFrameElement,
    greet: () => Hello,
    readers: Readers,
    hear: (message: Heard) => void,
    gone: () => void,
  ) => void;
  /** Ends the talk where the page has taken the frame away, or elsewhere, which loads it anew. */
  readonly look: () => void;
}

export function newCompartment(name: string): Compartment {
  let port: MessagePort | null = null;
  let waiting: ToCompartment[] | null = [];
  let look = () => {};
  const post = (message: ToCompartment) => {
    if (port) apply(postMessage, port, [message]);
    else if (waiting) push(waiting, message);
  };
  const talk: Compartment["talk"] = (element, greet, readers, hear, gone) => {
    /** The one that we talk to. */
    let there: Window | null = null;
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      if (port) apply(close, port, []);
      port = waiting = null;
      gone();
    };
    look = () => {
      const window = windowOf(element);
      if (window && (!there || window === there)) return;
      takeAway(element);
      end();
    };
    // It is told of elements that leave the page, too.
    apply(observe, new Observer(() => look()), [element]);
    listen(element, "load", () => {
      const window = windowOf(element) as Window;
      apply(add, windows, [window]);
      look();
      // A second document is not ours: a script went there. It gets no port.
      if (!waiting) return end();
      const { port1, port2 } = new Channel();
      const pace = newPace();
      port1.onmessage = (event) => {
        if (!port) return;
        // Dropped unread where there are no tokens for the least. Most browsers make
        // objects of a message only when its data is asked for.
        let state = pace(1);
        if (state === "read") {
          const before = now();
          const data = dataOf(event);
          const took = now() - before;
          const message = took < LONG ? readToGuard(data, readers) : null;
          state = took < LONG ? pace((message ? COST[message.type] : COST_OF_NONSENSE) - 1 + took) : "cut";
          if (message && state === "read") hear(message);
        }
        if (state === "cut") {
          console.warn(`chatproxy: the compartment ${name} sends too much and is cut off`);
          takeAway(element);
          end();
        }
      };
      port = port1;
      there = window;
      // The origin is opaque and cannot be named; nothing secret is in it.
      window.postMessage(greet(), "*", [port2]);
      for (const message of waiting) post(message);
      waiting = null;
    });
  };
  return { post, talk, look: () => look() };
}
