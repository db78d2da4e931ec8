// The life of the document as the host page's: scripts arrive when the frame has long
// been loaded, and would wait for events that have passed.

import type { Stage } from "../message/message";
import { getter } from "./define";

let stage: Stage = "loading";

/** Lets the document begin anew, as one that is loading. */
export function beginLoading(): void {
  getter(Document.prototype, "readyState", function (this: Document) {
    return this === document ? stage : "complete";
  });
}

/** Lets it begin anew once more: a script has opened it to write. */
export function restart(): void {
  stage = "loading";
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
    fireLoad();
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false }));
  }
}

/** The load event of the window, whose target is the document. */
export function fireLoad(): void {
  const event = new Event("load");
  getter(event, "target", () => document);
  dispatchEvent(event);
}
