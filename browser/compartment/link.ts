// The way to the guard and back: messages by their type.

import type { ToCompartment, ToGuard } from "../message/message";

type Type = ToCompartment["type"];
type MessageOf<T extends Type> = Extract<ToCompartment, { readonly type: T }>;

export class Link {
  readonly #port: MessagePort;
  readonly #handlers = new Map<Type, (message: never) => void>();

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** Sets what is done with messages of a type. One that nobody handles is dropped. */
  on<T extends Type>(type: T, handler: (message: MessageOf<T>) => void): void {
    this.#handlers.set(type, handler);
  }

  /** Takes the messages that have waited, and all later ones. */
  start(): void {
    this.#port.onmessage = (event: MessageEvent<ToCompartment>) => {
      const handler = this.#handlers.get(event.data.type) as ((message: ToCompartment) => void) | undefined;
      handler?.(event.data);
    };
  }

  post(message: ToGuard): void {
    this.#port.postMessage(message);
  }
}
