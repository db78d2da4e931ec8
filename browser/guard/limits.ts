// The pace of what comes out of a compartment. A hostile script can post faster than
// the page can read (CWE-770): what is too much is dropped unread, and who goes on is
// cut off.

/** What a compartment may send at once, and how much of it comes back in a second. */
const BURST = 500;
const PER_SECOND = 100;
/** How much is dropped before a compartment that never pauses is cut off. */
const FLOOD = 2000;

const clock = performance;
const read = performance.now;
/** The time in ms, from the clock that nobody has replaced. */
export const now = (): number => read.call(clock);

/** What becomes of a message. */
export type Pace = "read" | "drop" | "cut";

/** Returns a token bucket of one compartment: a message costs so many tokens. */
export function newPace(time = now): (cost: number) => Pace {
  let tokens = BURST;
  let dropped = 0;
  let last = time();
  return (cost) => {
    const at = time();
    tokens = Math.min(BURST, tokens + ((at - last) / 1000) * PER_SECOND);
    last = at;
    if (tokens === BURST) dropped = 0;
    if (tokens >= cost) {
      tokens -= cost;
      return "read";
    }
    return (dropped += cost) > FLOOD ? "cut" : "drop";
  };
}
