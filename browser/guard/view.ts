// How much of a visible compartment is in view. Its scripts cannot see it: what measures
// a viewport in the frame measures the frame.

import type { View } from "../message/message";

/** Shares of the area at which it is told; MRC's viewability is at a half and at 0.3. */
const THRESHOLDS = [0, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 1];

/** Tells the view of an element at once, and whenever it passes one of the thresholds. */
export function watchView(element: Element, tell: (view: View) => void): void {
  new IntersectionObserver(
    (entries) => {
      const { boundingClientRect, intersectionRatio: ratio } = entries[entries.length - 1] as IntersectionObserverEntry;
      const { left, top, width, height } = boundingClientRect;
      tell({ ratio, left, top, width, height });
    },
    { threshold: THRESHOLDS },
  ).observe(element);
}
