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

export class PageWatch {
  readonly #tell: (page: PageFacts) => void;
  #last: PageFacts | null = null;
  #started = false;
  #pending = false;

  constructor(tell: (page: PageFacts) => void) {
    this.#tell = tell;
  }

  /** The facts for a frame that is there now. Of the page's size and place the last read ones do. */
  facts(): PageFacts {
    return (this.#last = this.#last ? { ...this.#last, url: location.href, title: title() } : read());
  }

  /** Begins to look, with the first compartment: a page without any pays nothing. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    const soon = () => this.#soon();
    listen(window, "scroll", soon, { passive: true });
    listen(window, "resize", soon, { passive: true });
    listen(window, "load", soon);
    if (navigation) listen(navigation, "currententrychange", soon);
    else watchHistory(soon);
    const from = head();
    if (from) new MutationObserver(soon).observe(from, { childList: true, subtree: true, characterData: true });
    soon();
  }

  #soon(): void {
    if (this.#pending) return;
    this.#pending = true;
    const look = () => {
      this.#pending = false;
      const facts = read();
      if (this.#last && same(this.#last, facts)) return;
      this.#last = facts;
      this.#tell(facts);
    };
    // A page that nobody sees has no frames, and no layout worth sparing.
    const rest = this.#last ? REST : 0;
    timer(() => (hidden() ? look() : frame(() => timer(look))), rest);
  }
}

/** Without the Navigation API a change of the address shows in the calls that make it. */
function watchHistory(soon: () => void): void {
  for (const name of ["pushState", "replaceState"] as const) {
    const method = History.prototype[name];
    History.prototype[name] = function (this: History, ...args) {
      apply(method, this, args);
      soon();
    };
  }
  listen(window, "popstate", soon);
  listen(window, "hashchange", soon);
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

function same(a: PageFacts, b: PageFacts): boolean {
  for (const name in a) if (a[name as keyof PageFacts] !== b[name as keyof PageFacts]) return false;
  return true;
}
