// Calls that go on into one compartment, and the functions among their arguments:
// a compartment calls these by number, and only those that it was given.

import type { ToCompartment } from "../message/message";
import type { Plain } from "../message/plain";
import { apply, mapDelete, mapGet, mapSet, push } from "../message/builtins";
import { decode, encode } from "../message/plain";

/** How many calls wait for a frame, and how many functions can be called. */
const MAX_CALLS = 1000;
const MAX_FUNCTIONS = 1000;

type Callable = (...args: never[]) => unknown;

export class Calls {
  readonly #functions = new Map<number, Callable>();
  #last = 0;
  #waiting: ToCompartment[] = [];

  /** Returns a call as a message. */
  message(path: string, args: ArrayLike<unknown>): ToCompartment {
    return { type: "call", path, args: encode(args, (f) => this.#numberOf(f)) };
  }

  /** Keeps a call for frames that are opened later. */
  wait(message: ToCompartment): void {
    if (this.#waiting.length < MAX_CALLS) push(this.#waiting, message);
  }

  /** The calls that a frame which is opened now has missed; the last one takes them along. */
  missed(last: boolean): ToCompartment[] {
    const missed = this.#waiting;
    if (last) this.#waiting = [];
    return missed;
  }

  /** Calls a function as the compartment asks. A number that it made up is nobody's. */
  answer(id: number, args: readonly Plain[]): void {
    const f = mapGet(this.#functions, id);
    if (f) apply(f, undefined, decode(args, () => null) as never[]);
  }

  #numberOf(f: Callable): number {
    mapSet(this.#functions, ++this.#last, f);
    mapDelete(this.#functions, this.#last - MAX_FUNCTIONS);
    return this.#last;
  }
}
