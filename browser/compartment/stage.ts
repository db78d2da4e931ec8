// The life of the document as the host page's: scripts arrive when the frame has long
// been loaded, and would wait for events that have passed.

import type { Stage } from "../message/message";

let stage: Stage = "loading";

/** Lets the document begin anew, as one that is loading. */
export function beginLoading(): void {
  Object.defineProperty(Document.prototype, "readyState", { configurable: true, enumerable: true, get: () => stage });
}

/** Takes the document to a stage that the host page has reached, with its events. */
export function reachStage(reached: Stage): void {
  if (stage === "loading" && reached !== "loading") {
    stage = "interactive";
    document.dispatchEvent(new Event("readystatechange"));
    document.dispatchEvent(new Event("DOMContentLoaded", { bubbles: true }));
  }
  if (stage === "interactive" && reached === "complete") {
    stage = "complete";
    document.dispatchEvent(new Event("readystatechange"));
    dispatchEvent(new Event("load"));
    dispatchEvent(new Event("pageshow"));
  }
}
