// Timers of a visible frame that nobody sees: they run once a second, all at one time.

import { methods } from "./define";

/** In ms. */
const SLOW = 1000;

/** Slows timers down while unseen says so. */
export function paceTimers(unseen: () => boolean): void {
  // Called as methods of another object they throw.
  const native = { setTimeout: setTimeout.bind(window), setInterval: setInterval.bind(window) };
  methods(window, {
    setTimeout(handler: TimerHandler, delay?: unknown, ...args: unknown[]) {
      const wanted = Math.max(0, Number(delay) || 0);
      const wait = unseen() ? wanted + SLOW - ((performance.now() + wanted) % SLOW) : wanted;
      return native.setTimeout(handler, wait, ...args);
    },
    setInterval(handler: TimerHandler, delay?: unknown, ...args: unknown[]) {
      if (typeof handler !== "function") return native.setInterval(handler, Math.max(Number(delay) || 0, unseen() ? SLOW : 0), ...args);
      let second = -1;
      const paced = (...given: unknown[]) => {
        const now = Math.floor(performance.now() / SLOW);
        if (unseen() && now === second) return;
        second = now;
        Reflect.apply(handler, window, given);
      };
      return native.setInterval(paced, Number(delay) || 0, ...args);
    },
  });
}
