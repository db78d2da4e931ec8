// The life of the document as the host page's: scripts arrive when the frame has long
// been loaded, and would wait for events that have passed.

import type { Stage } from "../message/message";
import { getter, methods } from "./define";

let stage: Stage = "loading";
/** Whether DOMContentLoaded has been. */
let ready = false;

/** Lets the document begin anew, as one that is loading. */
export function beginLoading(): void {
  getter(Document.prototype, "readyState", function (this: Document) {
    return this === document ? stage : "complete";
  });
}

type Listening = [target: EventTarget, type: string, listener: EventListener, options: boolean];
let listening: Listening[] = [];
const EVENTS = /^(?:load|DOMContentLoaded|readystatechange|pageshow)$/;

/** Notes who listens to the events below: the document may be opened, and have them again. */
export function watchListeners(): void {
  for (const target of [window, document]) {
    const native = target.addEventListener;
    methods(target, {
      addEventListener(this: EventTarget | undefined, ...args: Listening extends [unknown, ...infer Rest] ? Rest : never) {
        if ((this ?? window) === target && EVENTS.test(args[0])) listening.push([target, ...args]);
        return Reflect.apply(native, this ?? window, args);
      },
    });
  }
}

/** Lets it begin anew once more: a script has opened it to write. The old document's listeners go. */
export function restart(): void {
  stage = "loading";
  ready = false;
  for (const [target, ...args] of listening) target.removeEventListener(...args);
  listening = [];
  window.onload = window.onpageshow = document.onreadystatechange = null;
}

/** The markup has ended; deferred scripts run next. */
export function endParsing(): void {
  if (stage !== "loading") return;
  stage = "interactive";
  document.dispatchEvent(new Event("readystatechange"));
}

/** Takes the document to a stage that the host page has reached, with its events. */
export function reachStage(reached: Stage): void {
  endParsing();
  if (!ready) {
    ready = true;
    document.dispatchEvent(new Event("DOMContentLoaded", { bubbles: true }));
  }
  if (stage === "interactive" && reached === "complete") {
    stage = "complete";
    document.dispatchEvent(new Event("readystatechange"));
    // The load event of a window has the document as its target.
    const event = new Event("load");
    getter(event, "target", () => document);
    dispatchEvent(event);
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false }));
  }
}
