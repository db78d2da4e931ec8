// One compartment: its frame, and the port over which the two of us talk.

import type { Heard, Hello, Readers, ToCompartment } from "../message/message";
import { getOwnPropertyDescriptor, push } from "../message/builtins";
import { readToGuard } from "../message/message";
import { listen } from "./dom";
import { newPace } from "./limits";

/** What a message costs. Reading a callback takes longest. */
const COST = { ran: 1, resize: 1, keep: 2, callback: 5 };
const COST_OF_NONSENSE = 10;

const Channel = MessageChannel;
const { postMessage, close } = MessagePort.prototype;
const windowOf = getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "contentWindow")?.get as () => Window;

export interface Compartment {
  /** Says something, at once or when the frame is there. */
  readonly post: (message: ToCompartment) => void;
  /** Talks to a frame that was put into the page: once its document is there, and to no other. */
  readonly talk: (element: HTMLIFrameElement, greet: () => Hello, readers: Readers, hear: (message: Heard) => void) => void;
}

export function newCompartment(name: string): Compartment {
  let port: MessagePort | null = null;
  let waiting: ToCompartment[] | null = [];
  /** Ends the talk for good. */
  const end = () => {
    if (port) close.call(port);
    port = null;
  };
  const post = (message: ToCompartment) => {
    if (port) postMessage.call(port, message);
    else if (waiting) push(waiting, message);
  };
  const talk: Compartment["talk"] = (element, greet, readers, hear) =>
    listen(element, "load", () => {
      // A second document is not ours: a script went there. It gets no port.
      if (!waiting) return end();
      const { port1, port2 } = new Channel();
      const pace = newPace();
      port1.onmessage = ({ data }: MessageEvent<unknown>) => {
        // Dropped unread where there are no tokens for the least.
        let state = pace(1);
        if (state === "read" && port) {
          const message = readToGuard(data, readers);
          state = pace((message ? COST[message.type] : COST_OF_NONSENSE) - 1);
          if (message && state === "read") hear(message);
        }
        if (state === "cut" && port) {
          console.warn(`chatproxy: the compartment ${name} sends too much and is cut off`);
          end();
        }
      };
      port = port1;
      // The origin is opaque and cannot be named; nothing secret is in it.
      windowOf.call(element).postMessage(greet(), "*", [port2]);
      for (const message of waiting) post(message);
      waiting = null;
    });
  return { post, talk };
}
