// The page that vendor code believes to be in.

import type { PageFacts } from "../message/message";

/** Must equal proxy.Marker. */
const MARKER = "chatproxy-compartment";

/** Takes the marker out of the address, so that location reads as the page's. */
export function hideMarker(): void {
  const at = location.search.lastIndexOf(`${MARKER}=`);
  if (at < 0) return;
  // All before the marker stays byte for byte; it is the last parameter.
  const search = location.search.slice(0, Math.max(0, at - 1));
  history.replaceState(history.state, "", location.pathname + search + location.hash);
}

/** Gives the frame the facts of the page, and takes away the way up. */
export function adoptPage(page: PageFacts): void {
  document.title = page.title;
  fix(Document.prototype, "referrer", page.referrer);
  fix(window, "innerWidth", page.width);
  fix(window, "innerHeight", page.height);
  fix(window, "outerWidth", page.width);
  fix(window, "outerHeight", page.height);
  fix(window, "parent", window);
  fix(window, "frameElement", null);
  fix(window, "opener", null);
}

function fix(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { configurable: true, enumerable: true, get: () => value });
}
