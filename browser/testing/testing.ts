// What tests in TypeScript share. They run under Node, from browser/node_test.go.

const { toString } = Object.prototype;

/** Runs a test. What it throws fails the program. */
export function test(name: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
  console.log("ok", name);
}

/** Fails unless both show alike: kinds, keys and prototypes included. */
export function equal(got: unknown, want: unknown, about = ""): void {
  const [a, b] = [show(got), show(want)];
  if (a !== b) throw new Error(`${about}\n got ${a}\nwant ${b}`);
}

export function holds(condition: unknown, about: string): void {
  if (!condition) throw new Error(about);
}

/** Writes a value out, so that what differs looks different. */
export function show(value: unknown, depth = 0): string {
  if (depth > 40) return "…";
  if (typeof value === "function") return "function";
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object" || value === null) return value === undefined ? "undefined" : (JSON.stringify(value) ?? String(value));
  const tag = Reflect.apply(toString, value, []) as string;
  if (tag === "[object Date]") return `Date(${(value as Date).getTime()})`;
  const parts = Array.isArray(value) || tag === "[object Arguments]";
  const inner = parts
    ? Array.from(value as ArrayLike<unknown>, (part) => show(part, depth + 1))
    : Object.getOwnPropertyNames(value).map((key) => `${JSON.stringify(key)}:${show((value as Record<string, unknown>)[key], depth + 1)}`);
  const plain = parts || Object.getPrototypeOf(value) === Object.prototype;
  return `${plain ? "" : "odd "}${tag}{${inner.join()}}`;
}

/** Random numbers that are the same on every run (mulberry32). */
export function dice(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
