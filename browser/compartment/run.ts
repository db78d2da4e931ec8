// Runs the scripts that the guard hands over, in document order.

import type { IsolatedScript, ToCompartment } from "../message/message";

export function runScripts(port: MessagePort): void {
  let last: Promise<void> = Promise.resolve();
  port.onmessage = (event: MessageEvent<ToCompartment>) => {
    const { script } = event.data;
    // An async script waits for nobody and nobody for it.
    if (script.async && script.src !== null) void run(script);
    else last = last.then(() => run(script));
  };
}

/** Runs one script. An external one is done when it has loaded or failed. */
function run(script: IsolatedScript): Promise<void> {
  const element = document.createElement("script");
  for (const [name, value] of script.attributes) element.setAttribute(name, value);
  if (script.type) element.type = script.type;
  element.async = script.async;
  if (script.src === null) {
    element.textContent = script.text;
    document.body.append(element);
    return Promise.resolve();
  }
  const { src } = script;
  return new Promise((done) => {
    element.addEventListener("load", () => done());
    element.addEventListener("error", () => done());
    element.src = src;
    document.body.append(element);
  });
}
