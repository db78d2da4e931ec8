// One compartment: its frame, and the port over which the two of us talk.

import type { Hello, ToCompartment, ToGuard } from "../message/message";
import { getOwnPropertyDescriptor, push } from "../message/builtins";
import { readToGuard } from "../message/message";
import { listen } from "./dom";
import { newPace } from "./limits";

/** What a message costs. Reading a callback takes longest. */
const COST = { resize: 1, keep: 2, callback: 5 };
const COST_OF_NONSENSE = 10;

const { postMessage, close } = MessagePort.prototype;
const windowOf = getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "contentWindow")?.get as () => Window;

export class Compartment {
  readonly name: string;
  #port: MessagePort | null = null;
  #waiting: ToCompartment[] | null = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Says something, at once or when the frame is there. */
  post(message: ToCompartment): void {
    if (this.#port) postMessage.call(this.#port, message);
    else if (this.#waiting) push(this.#waiting, message);
  }

  /** Talks to a frame that was put into the page: once its document is there, and to no other. */
  talk(element: HTMLIFrameElement, greet: () => Hello, hear: (message: ToGuard) => void): void {
    listen(element, "load", () => {
      const waiting = this.#waiting;
      // A second document is not ours: a script went there. It gets no port.
      if (!waiting) return this.#end();
      const { port1, port2 } = new MessageChannel();
      const pace = newPace();
      port1.onmessage = ({ data }: MessageEvent<unknown>) => {
        // Dropped unread where there are no tokens for the least.
        let state = pace(1);
        if (state === "read" && this.#port) {
          const message = readToGuard(data);
          state = pace((message ? COST[message.type] : COST_OF_NONSENSE) - 1);
          if (message && state === "read") hear(message);
        }
        if (state === "cut" && this.#port) {
          console.warn(`chatproxy: the compartment ${this.name} sends too much and is cut off`);
          this.#end();
        }
      };
      this.#port = port1;
      this.#waiting = null;
      // The origin is opaque and cannot be named; nothing secret is in it.
      windowOf.call(element).postMessage(greet(), "*", [port2]);
      for (let i = 0; i < waiting.length; i++) this.post(waiting[i] as ToCompartment);
    });
  }

  /** Ends the talk for good. */
  #end(): void {
    if (this.#port) close.call(this.#port);
    this.#port = null;
  }
}
