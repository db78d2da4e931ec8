// A script in a frame may take the focus whenever it likes, and with it what the reader
// types into the page, passwords too. A visible frame may have it when the reader has
// clicked in it or gone there with the Tab key; a hidden one never. It is given back; a
// hidden frame that took it is taken away at once, a visible one that goes on is soon:
// inert is not enough, in Chromium the frame would still get the keys (window.focus()).

import { activeElement, hidden, listen } from "./dom";

const { apply } = Reflect;
const { remove } = Element.prototype;
const { focus, blur } = HTMLElement.prototype;
const { now } = performance;
const clock = performance;
const activation = navigator.userActivation;

/** How long a browser takes an event for an activation by the user, in ms. */
const TRANSIENT = 5000;
/** So many attempts in so many ms are too many. */
const ATTEMPTS = 3;
const WHILE = 10_000;

/** Where the page had the focus. */
let last: EventTarget | null = null;
/** The page's last event of key or pointer, and when it was. */
let event: Event | undefined;
let at = -TRANSIENT;

const time = (): number => apply(now, clock, []);

/**
 * Tells whether the reader may have gone into a frame. Of a click in a frame the page sees
 * nothing but that the user is active, which it tells only where nothing in the page has
 * made the user so.
 */
function byReader(): boolean {
  const ago = time() - at;
  if (ago < 1000 && (event as KeyboardEvent).key === "Tab" && !(event as Event).defaultPrevented) return true;
  return ago > TRANSIENT && activation?.isActive;
}

function watchReader(): void {
  const capture = { capture: true };
  const engage = (seen: Event) => {
    if (!seen.isTrusted) return;
    event = seen;
    at = time();
  };
  listen(window, "keydown", engage, capture);
  listen(window, "pointerdown", engage, capture);
  listen(window, "focusin", (seen) => (last = seen.composedPath()[0] as EventTarget), capture);
}

/** Watches over the focus while a frame stands in the page. Its title is for the console; without one it is hidden. */
export function keepFocus(frame: HTMLIFrameElement, title: string): void {
  if (!last) {
    last = frame;
    watchReader();
  }
  let granted = false;
  let attempts = 0;
  let since = -WHILE;
  const check = () => {
    if (activeElement() !== frame || hidden()) return void (granted = false);
    if (granted || (granted = !!title && byReader())) return;
    if (time() - since > WHILE) {
      attempts = 0;
      since = time();
    }
    if (!title || ++attempts === ATTEMPTS) {
      apply(remove, frame, []);
      console.warn(`chatproxy: a compartment${title && ` (${title})`} took the focus and is taken away`);
    } else apply(blur, frame, []);
    if (last instanceof HTMLElement && last !== frame) apply(focus, last, [{ preventScroll: true }]);
  };
  // Firefox tells later where the focus is. A page without focus is told nothing of it.
  const soon = () => {
    check();
    setTimeout(check);
  };
  for (const type of ["blur", "focus", "focusin", "pointerover", "visibilitychange"]) listen(window, type, soon, { capture: true });
}
