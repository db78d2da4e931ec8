// Calls that go on into one compartment, and the functions among their arguments:
// a compartment calls these by number, and only those that it was given.

import type { ToCompartment } from "../message/message";
import { apply, newTable, push } from "../message/builtins";
import { encode } from "../message/plain";

/** How many calls wait for a frame, and how many functions can be called. */
const MAX_CALLS = 1000;
const MAX_FUNCTIONS = 1000;

type Callable = (...args: never[]) => unknown;

export interface Calls {
  /** Those that frames which are opened later have missed. */
  readonly waiting: ToCompartment[];
  /** Returns a call as a message, and keeps it for later frames if there may be any. */
  readonly make: (path: string, args: ArrayLike<unknown>, keep: boolean) => ToCompartment;
  /** Calls a function as the compartment asks. A number that it made up is nobody's (CWE-639). */
  readonly answer: (id: number, values: unknown[]) => void;
}

export function newCalls(): Calls {
  const waiting: ToCompartment[] = [];
  const functions = newTable<Callable>();
  let last = 0;
  const numberOf = (f: Callable) => {
    functions[++last] = f;
    delete functions[last - MAX_FUNCTIONS];
    return last;
  };
  return {
    waiting,
    make(path, args, keep) {
      const call = { type: "call", path, args: encode(args, numberOf) } as const;
      if (keep && waiting.length < MAX_CALLS) push(waiting, call);
      return call;
    },
    answer(id, values) {
      const f = functions[id];
      if (f) apply(f, undefined, values as never[]);
    },
  };
}
