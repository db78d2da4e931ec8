// The element of a compartment's frame: what it may do, where it stands and how large.

import type { Frame } from "./config";
import { keepFocus } from "./focus";
import { appendTo, attributes, body, createElement, head, nearest, root } from "./dom";

/** Where a visible frame stands. */
export interface Place {
  /** Frames of one compartment with the same key are one frame. */
  readonly key: Element;
  readonly slot?: true;
  readonly put: (frame: HTMLIFrameElement) => void;
}

const { after } = Element.prototype;

/** Returns where a frame stands, null where it is hidden, or "later" where its slot may yet come. */
export function placeOf(frame: Frame, anchor: Element | null, parsing: boolean): Place | "later" | null {
  if (!frame.visible) return null;
  if (frame.slot) {
    const key = nearest(frame.slot, anchor);
    if (key) return { key, slot: true, put: (element) => appendTo(key, element) };
    if (parsing) return "later";
  }
  const key = anchor?.parentElement;
  // What stands in the head has no place on the page.
  return key && !head()?.contains(anchor) ? { key, put: (element) => after.call(anchor, element) } : null;
}

/** A frame's element, and how it takes a wish for another size: within the policy's bounds. */
export interface FrameElement {
  readonly element: HTMLIFrameElement;
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly resize: (width: number, height: number) => void;
}

/**
 * Whatever the page's style sheets say of frames, this one stays in its box, a stacking
 * context of its own: it cannot lie over the page and take its clicks (CWE-1021).
 */
const VISIBLE = "all:initial;display:block;contain:strict;max-width:100%;color-scheme:normal";
/** Not display:none, in which some engines run no animation frames and measure nothing. */
const HIDDEN = "all:initial;position:fixed;width:1px;height:1px;left:-2px;top:-2px;opacity:0;pointer-events:none";

/** Puts a frame into the page. */
export function putFrame(title: string, frame: Frame, place: Place | null, src: string): FrameElement {
  const element = createElement("iframe");
  const { style } = element;
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
    // inert: nobody can get into it with the keyboard, and it cannot take the focus.
    ...(place ? { title } : { "aria-hidden": "true", tabindex: "-1", inert: "" }),
    src,
  });
  if (!place) {
    style.cssText = HIDDEN;
    appendTo(body() ?? root(), element);
    return { element, maxWidth: 0, maxHeight: 0, resize() {} };
  }
  const slot = place.slot && place.key;
  const width = frame.width || slot?.clientWidth || 300;
  const height = frame.height || slot?.clientHeight || 250;
  const maxWidth = Math.max(frame.maxWidth ?? 0, width);
  const maxHeight = Math.max(frame.maxHeight ?? 0, height);
  const base = slot && !frame.width ? "100%" : `${width}px`;
  let wish: readonly [number, number] | null = [0, 0];
  const take = () => {
    const [w, h] = wish as readonly [number, number];
    wish = null;
    style.width = w > width ? `${Math.min(w, maxWidth)}px` : base;
    style.height = `${Math.min(Math.max(h, height), maxHeight)}px`;
  };
  style.cssText = VISIBLE;
  take();
  place.put(element);
  keepFocus(element);
  return {
    element,
    maxWidth,
    maxHeight,
    resize(w, h) {
      // Many wishes are one: each has the page laid out anew.
      if (!wish) setTimeout(take, 100);
      wish = [w, h];
    },
  };
}
