// Visible frames: where they stand, how large they are and how much of them is in view.

import type { Frame } from "./config";
import type { View } from "../message/message";
import { appendTo, head, nearest } from "./dom";
import { watchView } from "./view";

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
  if (frame.slot) {
    const key = nearest(frame.slot, anchor);
    if (key) return { key, slot: true, put: (element) => appendTo(key, element) };
    if (parsing) return "later";
  }
  const key = anchor?.parentElement;
  // What stands in the head has no place on the page.
  return key && !head()?.contains(anchor) ? { key, put: (element) => after.call(anchor, element) } : null;
}

/**
 * Whatever the page's style sheets say of frames, this one stays in its box, a stacking
 * context of its own: it cannot lie over the page and take its clicks (CWE-1021).
 */
const VISIBLE = "all:initial;display:block;contain:strict;max-width:100%;color-scheme:normal";

/** How large a visible frame may become, and how it takes a wish for another size: within the policy's bounds. */
export interface Shown {
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly resize: (width: number, height: number) => void;
}

/** Puts a frame's element where it stands, and tells how much of it is in view. */
export function showFrame(element: HTMLIFrameElement, frame: Frame, place: Place, tell: (view: View) => void): Shown {
  const { style } = element;
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
  watchView(element, tell);
  return {
    maxWidth,
    maxHeight,
    resize(w, h) {
      // Many wishes are one: each has the page laid out anew.
      if (!wish) setTimeout(take, 100);
      wish = [w, h];
    },
  };
}
