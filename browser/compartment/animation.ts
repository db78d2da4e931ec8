// Animation frames. In a hidden frame they run a few times a second: the engine itself
// may stop them there, and code that waits for one would wait for ever. In a visible
// frame that nobody sees they run once a second.

import { later, methods } from "./define";

/** In ms. */
const HIDDEN = 100;
const UNSEEN = 1000;

/** Takes animation frames over, and returns what is to be told whether the frame is seen. */
export function paceFrames(hidden: boolean): (unseen: boolean) => void {
  const native = requestAnimationFrame.bind(window);
  let waiting = new Map<number, FrameRequestCallback>();
  let last = 0;
  let turn = 0;
  let slow = false;
  const run = () => {
    const callbacks = waiting;
    waiting = new Map();
    turn++;
    const now = performance.now();
    for (const [, callback] of callbacks) {
      try {
        callback(now);
      } catch (error) {
        reportError(error);
      }
    }
  };
  const schedule = () => {
    if (!waiting.size) return;
    const mine = ++turn;
    const tick = () => {
      if (mine === turn) run();
    };
    if (!hidden && !slow) native(tick);
    // A tab in the background draws nothing.
    else later(() => (document.hidden ? document.addEventListener("visibilitychange", tick, { once: true }) : tick()), hidden ? HIDDEN : UNSEEN - (performance.now() % UNSEEN));
  };
  methods(window, {
    requestAnimationFrame(callback: FrameRequestCallback) {
      if (typeof callback !== "function") throw new TypeError("The callback is not a function.");
      waiting.set(++last, callback);
      if (waiting.size === 1) schedule();
      return last;
    },
    cancelAnimationFrame: (id: number) => void waiting.delete(id),
  });
  return (unseen) => {
    if (slow === unseen) return;
    slow = unseen;
    schedule();
  };
}
