// Facts of the page that compartments pretend to have. They are read when the page has
// just been laid out, so that no reading makes the browser lay it out (a forced reflow),
// at most four times a second, and told only where they differ.

import type { PageFacts } from "../message/message";
import { apply } from "../message/builtins";
import { head, hidden, listen, referrer, root, title } from "./dom";

/** How long the facts rest after they were read, in ms. */
const REST = 250;

const frame = requestAnimationFrame;
const timer = setTimeout;
/** The Navigation API; WebKit lacks it until Safari 26.2. Asked before markup can name an element so. */
const navigation = (window as unknown as { navigation?: EventTarget }).navigation;

let last: PageFacts | undefined;

/** The facts for a frame that is there now. Of the page's size and place the last read ones do. */
export function pageFacts(): PageFacts {
  return (last = last ? { ...last, url: location.href, title: title() } : read());
}

/** Tells the facts whenever they have changed. */
export function watchPage(tell: (page: PageFacts) => void): void {
  let pending = false;
  const look = () => {
    pending = false;
    const before = last;
    last = read();
    for (const name in last) {
      if (before?.[name as keyof PageFacts] !== last[name as keyof PageFacts]) return tell(last);
    }
  };
  const soon = () => {
    if (pending) return;
    pending = true;
    // A page that nobody sees has no frames, and no layout worth sparing.
    timer(() => (hidden() ? look() : frame(() => timer(look))), last ? REST : 0);
  };
  for (const type of ["scroll", "resize", "load", "popstate", "hashchange"]) listen(window, type, soon, { passive: true });
  if (navigation) listen(navigation, "currententrychange", soon);
  else {
    // Without that a change of the address shows in the calls that make it.
    for (const name of ["pushState", "replaceState"] as const) {
      const method = History.prototype[name];
      History.prototype[name] = function (this: History, ...args) {
        apply(method, this, args);
        soon();
      };
    }
  }
  // The title.
  new MutationObserver(soon).observe(head() ?? root(), { childList: true, subtree: true, characterData: true });
  soon();
}

function read(): PageFacts {
  const { scrollWidth, scrollHeight } = root();
  return {
    url: location.href,
    title: title(),
    referrer: referrer(),
    width: innerWidth,
    height: innerHeight,
    scrollX,
    scrollY,
    documentWidth: scrollWidth,
    documentHeight: scrollHeight,
  };
}
