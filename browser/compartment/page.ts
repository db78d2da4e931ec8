// The page that vendor code believes to be in.

import type { PageFacts } from "../message/message";
import { getter } from "./define";
import { follow, href } from "./history";
import type { Link } from "./link";
import { measure } from "./viewport";

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

/** Gives the frame the facts of the page, as far as it can have them, and returns what reads them. */
export function adoptPage(first: PageFacts, hidden: boolean, link: Link): () => PageFacts {
  const doc = Document.prototype;
  let page = first;
  document.title = page.title;
  getter(doc, "referrer", () => page.referrer);
  for (const name of ["URL", "documentURI"]) getter(doc, name, href);
  // There is one document in the site's domain: what it is set to makes no difference.
  getter(doc, "domain", () => location.hostname, (value) => {
    if (!`.${location.hostname}`.endsWith(`.${String(value)}`)) throw new DOMException(`${String(value)} is another domain.`, "SecurityError");
  });
  const base = Object.getOwnPropertyDescriptor(Node.prototype, "baseURI")?.get as () => string;
  getter(Node.prototype, "baseURI", function (this: Node) {
    const native = Reflect.apply(base, this, []) as string;
    return native === location.href ? href() : native;
  });
  replaceable("origin", location.origin);
  // parent stays what it is, a window of another origin: code that climbs from window to
  // window until it is at top, as that of consent managers does, would never be there.
  if (hidden) measure(() => page);
  follow(page.url); // the page may have gone on while the frame was loading

  link.on("page", (message) => {
    const old = page;
    page = message.page;
    if (page.title !== old.title) document.title = page.title;
    if (page.url !== old.url) follow(page.url);
    const changed = (...names: ReadonlyArray<keyof PageFacts>) => names.some((name) => page[name] !== old[name]);
    if (!hidden) return; // its measures are its own
    if (changed("width", "height")) {
      dispatchEvent(new Event("resize"));
      visualViewport?.dispatchEvent(new Event("resize"));
    }
    if (changed("scrollX", "scrollY")) document.dispatchEvent(new Event("scroll", { bubbles: true }));
  });
  return () => page;
}

/** A property of window that gives way to what scripts assign. */
export function replaceable(name: string, value: unknown): void {
  getter(window, name, () => value, (other) => {
    Object.defineProperty(window, name, { configurable: true, enumerable: true, writable: true, value: other });
  });
}
