// Runs the scripts that the guard hands over, as a page would: in document order,
// deferred ones and modules at the end of the host page's markup, async ones at once.

import type { IsolatedScript } from "../message/message";
import type { Link } from "./link";
import { reachStage } from "./stage";

let last: Promise<void> = Promise.resolve();

/** Does something once the scripts that were handed over so far have run. */
export function afterScripts(act: () => Promise<void> | void): void {
  last = last.then(act);
}

export function runScripts(link: Link): void {
  let deferred: IsolatedScript[] = [];
  let parsing = true;
  link.on("stage", ({ stage }) => {
    parsing = false;
    for (const script of deferred) afterScripts(() => run(script));
    deferred = [];
    afterScripts(() => reachStage(stage));
  });
  link.on("run", ({ script }) => {
    if (script.async && (script.src !== null || script.type === "module")) void run(script);
    else if (parsing && (script.deferred || script.type === "module")) deferred.push(script);
    else afterScripts(() => run(script));
  });
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
