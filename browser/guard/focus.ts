// A script in a frame may take the focus whenever it likes, and with it what the reader
// types into the page, passwords too. A visible frame may have it when the reader has
// clicked in it or gone there with the Tab key; a hidden one never. What takes it all the
// same is taken away: neither inert nor giving the focus back is enough, in Chromium the
// frame would still get the keys (window.focus()).

import { activeElement, hidden, listen } from "./dom";

const { apply } = Reflect;
const { matches, remove } = Element.prototype;
const { focus } = HTMLElement.prototype;
const { now } = performance;
const clock = performance;
const activation = navigator.userActivation;

/** How long a browser takes an event for an activation by the user, in ms. */
const TRANSIENT = 5000;
/** How long a click may take until it has had its effect. */
const CLICK = 200;

/** Where the page had the focus. */
let last: EventTarget | null = null;
/** The page's last event of key or pointer, and when there was one. */
let event: Event | undefined;
let at = -TRANSIENT;
let typed = -TRANSIENT;

const time = (): number => apply(now, clock, []);
const isEditable = (element: EventTarget | null): boolean =>
  element instanceof HTMLElement && (element.isContentEditable || !!element.shadowRoot || /^(?:input|textarea|select|.*-.*)$/.test(element.localName));

/**
 * Tells whether the reader has gone into a frame. Of a click in a frame the page sees
 * nothing but that the user is active. Where the user has been active in the page as well,
 * that says nothing: whoever types or is about to is not believed to have clicked.
 */
function byReader(): boolean {
  const ago = time() - at;
  if (ago < 1000 && (event as KeyboardEvent).key === "Tab" && !(event as Event).defaultPrevented) return true;
  return activation?.isActive && (ago > TRANSIENT || (time() - typed > TRANSIENT && !isEditable(last)));
}

function watchReader(): void {
  const capture = { capture: true };
  const engage = (seen: Event) => {
    if (!seen.isTrusted) return;
    event = seen;
    at = time();
    if (seen.type === "keydown") typed = at;
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
  let called = false;
  let ending = false;
  const end = () => {
    apply(remove, frame, []);
    window.focus(); // to WebKit the frame is still where it was
    if (last instanceof HTMLElement && last !== frame) apply(focus, last, [{ preventScroll: true }]);
    console.warn(`chatproxy: a compartment${title && ` (${title})`} took the focus and is taken away`);
  };
  const check = () => {
    if (called) return;
    if (activeElement() !== frame || hidden()) granted = false;
    else if (!ending && !granted && !(granted = !!title && byReader())) {
      ending = true;
      // It may be a click that is not believed: that one takes effect first.
      if (title && apply(matches, frame, [":hover"])) setTimeout(end, CLICK);
      else end();
    }
  };
  // The page itself may go there.
  frame.focus = (options) => {
    called = true;
    apply(focus, frame, [options]);
    called = false;
    granted = activeElement() === frame;
  };
  // Firefox tells later where the focus is. A page without focus is told nothing of it.
  const soon = () => {
    check();
    setTimeout(check);
  };
  for (const type of ["blur", "focus", "focusin", "pointerover", "visibilitychange"]) listen(window, type, soon, { capture: true });
}
