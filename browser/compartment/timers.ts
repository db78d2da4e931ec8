// Timers and animation frames. In a visible frame that nobody sees they run once a
// second. In a hidden frame timers run as they like, and animation frames a few times
// a second: the engine itself may stop them there, and code that waits for one would
// wait for ever.

import { later, methods } from "./define";

/** In ms. */
const SLOW = 1000;
const HIDDEN_FRAME = 100;

let slow = false;
const started: Array<() => void> = [];

/** Tells timers whether the frame is seen. */
export function slowDown(unseen: boolean): void {
  if (slow === unseen) return;
  slow = unseen;
  for (const begin of started) begin();
}

export function virtualTimers(hidden: boolean): void {
  if (!hidden) paceTimers();
  paceFrames(hidden);
}

/** How long to wait so that all that is slow happens at one time. */
const rest = (): number => SLOW - (performance.now() % SLOW);

function paceTimers(): void {
  // Called as methods of another object they throw.
  const native = { setTimeout: setTimeout.bind(window), setInterval: setInterval.bind(window) };
  methods(window, {
    setTimeout(handler: TimerHandler, delay?: unknown, ...args: unknown[]) {
      const wanted = Math.max(0, Number(delay) || 0);
      const wait = slow ? wanted + SLOW - ((performance.now() + wanted) % SLOW) : wanted;
      return native.setTimeout(handler, wait, ...args);
    },
    setInterval(handler: TimerHandler, delay?: unknown, ...args: unknown[]) {
      if (typeof handler !== "function") return native.setInterval(handler, Math.max(Number(delay) || 0, slow ? SLOW : 0), ...args);
      let second = -1;
      const paced = (...given: unknown[]) => {
        const now = Math.floor(performance.now() / SLOW);
        if (slow && now === second) return;
        second = now;
        Reflect.apply(handler, window, given);
      };
      return native.setInterval(paced, Number(delay) || 0, ...args);
    },
  });
}

function paceFrames(hidden: boolean): void {
  const native = requestAnimationFrame.bind(window);
  let waiting = new Map<number, FrameRequestCallback>();
  let last = 0;
  let turn = 0;
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
    else later(() => (document.hidden ? document.addEventListener("visibilitychange", tick, { once: true }) : tick()), hidden ? HIDDEN_FRAME : rest());
  };
  started.push(schedule);
  methods(window, {
    requestAnimationFrame(callback: FrameRequestCallback) {
      if (typeof callback !== "function") throw new TypeError("The callback provided as parameter 1 is not a function.");
      waiting.set(++last, callback);
      if (waiting.size === 1) schedule();
      return last;
    },
    cancelAnimationFrame: (id: number) => void waiting.delete(id),
  });
}
