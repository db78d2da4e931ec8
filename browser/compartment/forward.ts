// Calls that come from the page: each waits until the function at its path is there, as
// vendor code defines it when it has loaded, and those of one vendor keep their order.

import type { Link } from "./link";
import { afterStages } from "./run";
import type { Plain } from "../message/plain";
import { decode, encode } from "../message/plain";

/** How many calls wait at most for what never comes. */
const MAX_WAITING = 1000;
/** When functions are looked for again, in ms: less and less often. */
const SOONEST = 50;
const LATEST = 5000;

interface Call {
  readonly names: readonly string[];
  readonly args: readonly Plain[];
}

/** Takes forwarded calls. */
export function takeCalls(link: Link): void {
  /** By the first name of the path: one vendor's calls wait for each other. */
  const waiting = new Map<string, Call[]>();
  let pause = SOONEST;
  let timer = 0;

  const functionOf = (id: number) =>
    function (this: unknown) {
      // Functions of ours mean nothing in the page.
      link.post({ type: "callback", id, args: encode(arguments, () => null) });
    };

  const look = (): void => {
    for (const [root, calls] of waiting) {
      while (calls[0] && make(calls[0], functionOf)) calls.shift();
      if (calls.length === 0) waiting.delete(root);
    }
  };
  const later = (): void => {
    clearTimeout(timer);
    if (waiting.size === 0) return;
    timer = setTimeout(() => {
      pause = Math.min(pause * 2, LATEST);
      look();
      later();
    }, pause);
  };
  const soon = (): void => {
    if (waiting.size === 0) return;
    pause = SOONEST;
    look();
    later();
  };

  // A script that came from elsewhere has run; one that stands in the document has.
  document.addEventListener("load", soon, true);
  new MutationObserver(soon).observe(document, { childList: true, subtree: true });

  link.on("call", ({ path, args }) => {
    const names = path.split(".");
    const root = names[0] as string;
    // The page has called it behind the scripts and stages that were told of before: a
    // library is there before the snippet has started it.
    afterStages(() => {
      const calls = waiting.get(root) ?? [];
      waiting.set(root, calls);
      if (calls.length < MAX_WAITING) calls.push({ names, args });
      soon();
    });
  });
}

/** Makes a call, or returns false while there is no function at its path. */
function make({ names, args }: Call, functionOf: (id: number) => unknown): boolean {
  let parent: unknown;
  let value: unknown = window;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (value === null || value === undefined) return false;
    parent = value;
    value = (parent as Record<string, unknown>)[name];
    // A queue is made before the script that reads it is there.
    if (value === undefined && names[i + 1] === "push" && i === names.length - 2) {
      value = (parent as Record<string, unknown>)[name] = [];
    }
  }
  if (typeof value !== "function") return false;
  try {
    Reflect.apply(value, parent, decode(args, functionOf) ?? []);
  } catch (error) {
    reportError(error); // the vendor's own
  }
  return true;
}
