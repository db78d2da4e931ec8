// What the guard and a compartment say to each other: plain data, in a closed set
// of shapes. Whatever comes out of a compartment was chosen by a hostile script,
// so it is read through a validator and never trusted by its type (CWE-20).

import type { readKept } from "./kept";
import type { decode, Plain } from "./plain";
import { isSafeInteger } from "./builtins";

/** Facts of the host page that a compartment pretends to have. Lengths are CSS pixels. */
export interface PageFacts {
  readonly url: string;
  readonly title: string;
  readonly referrer: string;
  /** The viewport. */
  readonly width: number;
  readonly height: number;
  readonly scrollX: number;
  readonly scrollY: number;
  /** The whole document. */
  readonly documentWidth: number;
  readonly documentHeight: number;
}

/** How much of a visible compartment is in the viewport, and where. */
export interface View {
  /** Share of its area that is in the viewport: 0 to 1. */
  readonly ratio: number;
  /** Its rectangle relative to the viewport. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A script to run in the compartment. */
export interface IsolatedScript {
  /** Absolute URL of an external script, or null. */
  readonly src: string | null;
  /** Text of an inline script; empty for an external one. */
  readonly text: string;
  /** "" for a classic script, else "module". */
  readonly type: string;
  readonly async: boolean;
  /** True where the script waits for the end of the page's markup. */
  readonly deferred: boolean;
  /** The script's own attributes, for document.currentScript. */
  readonly attributes: ReadonlyArray<readonly [string, string]>;
}

/** Where a value is kept: cookies, localStorage, sessionStorage. */
export type Area = "cookie" | "local" | "session";

/** A value of a compartment that lives on. */
export interface Kept {
  readonly area: Area;
  readonly name: string;
  /** null takes it away. */
  readonly value: string | null;
  /** When a cookie ends, in ms since 1970; null where it ends with the session. */
  readonly expires: number | null;
}

/** From the guard, once, with the port: the compartment's first message. */
export interface Hello {
  readonly chatproxy: "hello";
  readonly page: PageFacts;
  /** Whether the frame is seen. */
  readonly visible: boolean;
  /** How large a visible frame may become. */
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** Names of the cookies and storage keys that live on; "*" stands for anything. */
  readonly storage: readonly string[];
  /** What is kept of them. */
  readonly kept: readonly Kept[];
}

/** How far the host page has come: its readyState. */
export type Stage = "loading" | "interactive" | "complete";

/** From the guard, over the port. */
export type ToCompartment =
  /** The guard is told when a script with an id other than 0 has run. */
  | { readonly type: "run"; readonly script: IsolatedScript; readonly id: number }
  | { readonly type: "stage"; readonly stage: Stage }
  /** The page's facts have changed. */
  | { readonly type: "page"; readonly page: PageFacts }
  | { readonly type: "view"; readonly view: View }
  /** The page called a forwarded function, like "dataLayer.push". */
  | { readonly type: "call"; readonly path: string; readonly args: readonly Plain[] }
  /** Another compartment of this name, or another tab, has kept a value. */
  | { readonly type: "kept"; readonly kept: Kept };

/** From the compartment, over the port. */
export type ToGuard =
  /** A script has run, or failed to load. */
  | { readonly type: "ran"; readonly id: number; readonly ok: boolean }
  | { readonly type: "resize"; readonly width: number; readonly height: number }
  | { readonly type: "keep"; readonly kept: Kept }
  /** A function that came with a forwarded call was called. */
  | { readonly type: "callback"; readonly id: number; readonly args: readonly Plain[] };

/** A message of a compartment, as the guard has read it: of a callback the values. */
export type Heard =
  | Exclude<ToGuard, { type: "callback" }>
  | { readonly type: "callback"; readonly id: number; readonly values: unknown[] };

/** What reads the parts of messages that not every site has. */
export interface Readers {
  readonly decode?: typeof decode;
  readonly readKept?: typeof readKept;
}

/** Returns the message that a compartment sent, or null where it is not one. */
export function readToGuard(data: unknown, { decode, readKept }: Readers): Heard | null {
  if (typeof data !== "object" || data === null) return null;
  const { type, width, height, kept, id, args, ok } = data as Record<string, unknown>;
  switch (type) {
    case "resize":
      return isLength(width) && isLength(height) ? { type, width, height } : null;
    case "keep": {
      const read = readKept?.(kept);
      return read ? { type, kept: read } : null;
    }
    case "ran":
      return isSafeInteger(id) && typeof ok === "boolean" ? { type, id: id as number, ok } : null;
    case "callback": {
      // The page's functions are the page's: what comes back has none.
      const values = decode?.(args, () => null);
      return values && isSafeInteger(id) ? { type, id: id as number, values } : null;
    }
    default:
      return null;
  }
}

const isLength = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= 100_000;

/** Tells whether a window message is the guard's first one. */
export function isHello(data: unknown): data is Hello {
  return typeof data === "object" && data !== null && (data as Record<string, unknown>)["chatproxy"] === "hello";
}
