// The element of a compartment's frame, and what it may do.

import type { Frame } from "./config";
import { appendTo, attributes, createElement, root } from "./dom";
import { keepFocus } from "./focus";

/**
 * Not display:none, in which some engines run no animation frames and measure nothing;
 * nor out of the viewport, where WebKit runs timers once a second.
 */
const HIDDEN = "all:initial;position:fixed;width:1px;height:1px;left:0;top:0;opacity:0;pointer-events:none";

/** Makes the element of a frame, whose title is for screen readers; one without is hidden. */
export function makeFrame(frame: Frame, title: string, src: string): HTMLIFrameElement {
  const element = createElement("iframe");
  attributes(element, {
    // The header of the compartment's document holds for that document. This holds
    // for whatever the frame goes to: another site in it has no origin either, and
    // cannot send the whole page somewhere else. It is csp.Compartment.Sandbox.
    sandbox:
      "allow-scripts allow-forms" +
      (frame.popups ? " allow-popups allow-popups-to-escape-sandbox" : "") +
      (frame.topNavigation ? " allow-top-navigation-by-user-activation" : ""),
    // To opaque origins too, which only "*" names.
    ...(frame.permissions && { allow: frame.permissions.join(" *;") + " *" }),
    // inert: nobody gets into it with the keyboard.
    ...(title ? { title } : { "aria-hidden": "true", tabindex: "-1", inert: "" }),
    src,
  });
  keepFocus(element, title);
  return element;
}

/** Puts a frame where it is not seen: beside the body, which some pages replace as one goes through them. */
export function hideFrame(element: HTMLIFrameElement): void {
  element.style.cssText = HIDDEN;
  appendTo(root(), element);
}
