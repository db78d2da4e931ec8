// What the guard and a compartment say to each other: plain data, in a closed set
// of shapes. Whatever comes out of a compartment was chosen by a hostile script,
// so it is read through a validator and never trusted by its type (CWE-20).

/** Facts of the host page that a compartment pretends to have. */
export interface PageFacts {
  readonly title: string;
  readonly referrer: string;
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

/** From the guard, once, with the port: the compartment's first message. */
export interface Hello {
  readonly chatproxy: "hello";
  readonly page: PageFacts;
}

/** How far the host page has come: its readyState. */
export type Stage = "loading" | "interactive" | "complete";

/** From the guard, over the port. */
export type ToCompartment =
  | { readonly type: "run"; readonly script: IsolatedScript }
  | { readonly type: "stage"; readonly stage: Stage };

/** From the compartment, over the port. */
export type ToGuard = { readonly type: "resize"; readonly height: number };

/** Returns the message that a compartment sent, or null where it is not one. */
export function readToGuard(data: unknown): ToGuard | null {
  if (typeof data !== "object" || data === null) return null;
  const { type, height } = data as Record<string, unknown>;
  if (type === "resize" && typeof height === "number" && height >= 0 && height <= 100_000) {
    return { type, height };
  }
  return null;
}

/** Tells whether a window message is the guard's first one. */
export function isHello(data: unknown): data is Hello {
  return typeof data === "object" && data !== null && (data as Record<string, unknown>)["chatproxy"] === "hello";
}
