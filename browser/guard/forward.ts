// Calls that scripts of the page make and that go on into compartments, like
// dataLayer.push or fbq. At each name of a path stands an accessor, so that forwarding
// goes on whatever the page puts there: its own function is called too, as if nothing
// were in between. What goes over is plain data; what comes back is nothing.

import type { Table } from "../message/builtins";
import { apply, defineProperty, getOwnPropertyDescriptor, isArray, newTable, uncurry } from "../message/builtins";
import { split } from "../message/text";

const weakAdd = uncurry(WeakSet.prototype.add) as (set: WeakSet<object>, value: object) => void;
const weakHas = uncurry(WeakSet.prototype.has) as (set: WeakSet<object>, value: object) => boolean;

/** Passes on a call of the function at a path. */
export type PassOn = (path: string, args: ArrayLike<unknown>) => void;

/** A name on the way to a function. */
interface Step {
  /** The path, where it is the name of a forwarded function. */
  path: string;
  readonly next: Table<Step>;
}

/** A call of a function of ours, while it runs. */
interface Running {
  readonly path: string;
  readonly args: ArrayLike<unknown>;
  /** How many functions of its path were there before the one that is called. */
  readonly age: number;
  /** Whether it was passed on, or what it has called was in its place. */
  state: "held" | "passed" | "replaced";
  readonly outer: Running | null;
}

const newStep = (): Step => ({ path: "", next: newTable() });
const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

/**
 * Puts stubs at the paths, before any other script. Returns what looks again where a
 * declaration may have taken their place: `function gtag() {}` removes an accessor.
 */
export function forwardCalls(paths: readonly string[], passOn: PassOn): () => void {
  const roots = newStep();
  for (const path of paths) {
    let step = roots;
    for (const name of split(path, ".")) step = step.next[name] ??= newStep();
    step.path = path;
  }
  /** Our accessors' getters and our proxies of the page's functions. */
  const ours = new WeakSet<object>();
  /** What was passed on: of an array that takes another's place, the rest counts. */
  const passed = new WeakSet<object>();

  const pass = (path: string, args: ArrayLike<unknown>): void => {
    for (let i = 0; i < args.length; i++) if (isObject(args[i])) weakAdd(passed, args[i] as object);
    passOn(path, args);
  };

  /** How many functions of a path there were. */
  const ages = newTable<number>();
  let running: Running | null = null;

  /** Passes on what is held, the outer calls first. */
  const flush = (call: Running | null): void => {
    if (!call) return;
    flush(call.outer);
    if (call.state !== "held") return;
    call.state = "passed";
    pass(call.path, call.args);
  };

  /**
   * Wraps a function. Where the page has put it around an older one of ours (`var own =
   * dl.push; dl.push = (item) => own.call(dl, item)`), what gets through to that is
   * passed on in place of the call itself: so each once. Until that is known it is held,
   * but not longer than until another call is passed on, so that the order stays.
   */
  const wrap = (path: string, value: object): object => {
    const age = (ages[path] ??= 0);
    ages[path] = age + 1;
    return new Proxy(value as () => unknown, {
      apply: (target, self, args: unknown[]) => {
        let around = running;
        while (around && around.path !== path) around = around.outer;
        let state: Running["state"] = "held";
        // A younger one, or the same, is a call of its own.
        if (around && around.age > age) {
          if (around.state === "passed") state = "passed";
          around.state = "replaced";
        }
        flush(running);
        const call: Running = (running = { path, args, age, state, outer: running });
        if (!age) flush(call);
        try {
          return apply(target, self, args);
        } finally {
          flush(call);
          running = call.outer;
        }
      },
    });
  };

  /** Takes over what stands at a step, and returns what the page is to see there. */
  const adopt = ({ path, next }: Step, value: unknown): unknown => {
    let shown = value;
    if (path && typeof value === "function" && !weakHas(ours, value)) {
      shown = wrap(path, value);
      weakAdd(ours, shown as object);
    }
    if (isObject(value)) {
      const queue = next["push"]?.path;
      if (queue && isArray(value)) {
        for (let i = 0; i < value.length; i++) {
          const item: unknown = value[i];
          if (!isObject(item) || !weakHas(passed, item)) pass(queue, [item]);
        }
      }
      installAll(value, next);
    }
    return shown;
  };

  /** Sees to it that calls through a name of an object are passed on. */
  const install = (owner: object, name: string, step: Step): void => {
    const there = getOwnPropertyDescriptor(owner, name);
    if (there?.get && weakHas(ours, there.get)) return;
    try {
      // What stands there may be inherited: the push of an array. A parent that is
      // missing becomes an array, as most snippets would make it: it has a push, and
      // takes properties like any object.
      const value = name in owner ? (owner as Record<string, unknown>)[name] : step.path ? function () {} : [];
      let shown = adopt(step, value);
      if (there && !there.configurable) {
        // A function declaration. It can be written over, and not redefined.
        if (shown !== value) (owner as Record<string, unknown>)[name] = shown;
        return;
      }
      const get = () => shown;
      weakAdd(ours, get);
      defineProperty(owner, name, {
        configurable: true,
        // A push that becomes an array's own must not show in a loop over its keys.
        enumerable: there ? there.enumerable === true : !isArray(owner),
        get,
        set: (next: unknown) => {
          if (next !== shown) shown = adopt(step, next);
        },
      });
    } catch {
      console.warn(`chatproxy: ${step.path || name} cannot be forwarded: the page has fixed what stands there`);
    }
  };

  const installAll = (owner: object, steps: Table<Step>): void => {
    for (const name in steps) install(owner, name, steps[name] as Step);
  };
  const look = () => installAll(window, roots.next);
  look();
  return look;
}
