// Runs the scripts that the guard hands over, as a page would: in document order,
// deferred ones and modules at the end of the host page's markup, async ones at once.

import type { IsolatedScript, ToCompartment } from "../message/message";
import { reachStage } from "./stage";

export function runScripts(port: MessagePort): void {
  let last: Promise<void> = Promise.resolve();
  let deferred: IsolatedScript[] = [];
  let parsing = true;
  const next = (act: () => Promise<void> | void) => (last = last.then(act));
  port.onmessage = (event: MessageEvent<ToCompartment>) => {
    const message = event.data;
    if (message.type === "stage") {
      parsing = false;
      for (const script of deferred) next(() => run(script));
      deferred = [];
      next(() => reachStage(message.stage));
      return;
    }
    if (message.type !== "run") return;
    const { script } = message;
    if (script.async && (script.src !== null || script.type === "module")) void run(script);
    else if (parsing && (script.deferred || script.type === "module")) deferred.push(script);
    else next(() => run(script));
  };
}

/** Runs one script. An external one is done when it has loaded or failed. */
function run(script: IsolatedScript): Promise<void> {
  const element = document.createElement("script");
  for (const [name, value] of script.attributes) element.setAttribute(name, value);
  if (script.type) element.type = script.type;
  element.async = script.async;
  const waits = script.src !== null || script.type === "module";
  const done = new Promise<void>((resolve) => {
    element.addEventListener("load", () => resolve());
    element.addEventListener("error", () => resolve());
  });
  if (script.src === null) element.textContent = script.text;
  else element.src = script.src;
  document.body.append(element);
  return waits ? done : Promise.resolve();
}
