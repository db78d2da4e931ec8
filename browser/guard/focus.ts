// A script in a frame may take the focus whenever it likes, and with it what the reader
// types into the page. Only a click in the frame or the Tab key gets there. A frame that
// helps itself is taken away: inert is not enough, in Chromium it would still get the
// keys (window.focus()).

import { activeElement, listen } from "./dom";

const { apply } = Reflect;
const { matches, remove } = Element.prototype;
const { focus } = HTMLElement.prototype;

/** How long a browser takes an event for an activation by the user, in ms. */
const TRANSIENT = 5000;

let last: HTMLElement | null = null;
let tab = false;
let engaged = -TRANSIENT;

/** Watches over the focus while a visible frame stands in the page. */
export function keepFocus(frame: HTMLIFrameElement): void {
  const capture = { capture: true };
  if (!last) {
    last = frame;
    const engage = (event: Event) => {
      tab = (event as KeyboardEvent).key === "Tab";
      if (!tab) engaged = performance.now();
    };
    listen(window, "keydown", engage, capture);
    listen(window, "pointerdown", engage, capture);
    const focused = ({ target }: Event) => {
      last = target as HTMLElement;
      tab = false;
    };
    listen(window, "focusin", focused, capture);
  }
  let granted = false;
  const check = (again?: true) => {
    if (activeElement() !== frame) granted = false;
    if (granted || activeElement() !== frame) return;
    // Of a click in the frame the page sees that the pointer is there, or at least that
    // the user is active, where nothing in the page has made it so.
    const busy = performance.now() - engaged < TRANSIENT;
    granted = tab || apply(matches, frame, [":hover"]) || (!busy && navigator.userActivation?.isActive);
    if (granted) return;
    if (!busy && !again) return void setTimeout(check, 100, true);
    apply(remove, frame, []);
    apply(focus, last, [{ preventScroll: true }]);
    console.warn(`chatproxy: the compartment ${frame.title} took the focus and is taken away`);
  };
  // Firefox tells later where the focus is. A page without focus is told nothing.
  listen(window, "blur", () => setTimeout(check));
  listen(window, "pointerover", () => check(), capture);
}
