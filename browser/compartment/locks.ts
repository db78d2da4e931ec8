// The Web Locks of the frame. The browser's own refuse an opaque origin; Datadog and
// others wait for one before they send anything.

import { methods, need } from "./define";

interface Request {
  readonly name: string;
  readonly mode: LockMode;
  readonly grant: (lock: Lock) => void;
}

interface Held {
  readonly lock: Lock;
  readonly break: (reason: unknown) => void;
}

export function virtualLocks(): void {
  if (!("locks" in navigator)) return;
  const clientId = crypto.randomUUID();
  let held: Held[] = [];
  let queue: Request[] = [];

  const grantable = (name: string, mode: LockMode) =>
    held.every(({ lock }) => lock.name !== name || (mode === "shared" && lock.mode === "shared"));

  /** Grants what can be granted: each name's requests in their order. */
  const process = () => {
    const waits = new Set<string>();
    for (const request of [...queue]) {
      const { name, mode } = request;
      if (!waits.has(name) && grantable(name, mode)) {
        queue = queue.filter((other) => other !== request);
        request.grant(makeLock(name, mode));
      } else waits.add(name);
    }
  };

  methods(LockManager.prototype, {
    async request(name: unknown, ...args: unknown[]) {
      need([name, ...args], 2);
      const callback = (args.length > 1 ? args[1] : args[0]) as (lock: Lock | null) => unknown;
      const options = ((args.length > 1 && args[0]) || {}) as LockOptions;
      const { ifAvailable, steal, signal } = options;
      const mode = options.mode === undefined ? "exclusive" : options.mode;
      const title = String(name);
      if ((mode !== "exclusive" && mode !== "shared") || typeof callback !== "function") throw new TypeError("Invalid mode or callback.");
      if (title.startsWith("-") || (steal && (ifAvailable || mode === "shared")) || (signal && (steal || ifAvailable))) {
        throw new DOMException("Invalid name or combination of options.", "NotSupportedError");
      }
      signal?.throwIfAborted();

      return new Promise((resolve, reject) => {
        const grant = (lock: Lock | null) => {
          signal?.removeEventListener("abort", abort);
          const holding = lock && { lock, break: reject };
          if (holding) held.push(holding);
          const release = () => {
            held = held.filter((other) => other !== holding);
            process();
          };
          // The callback has a turn of its own, and so has what comes after it.
          void Promise.resolve()
            .then(() => callback(lock))
            .finally(release)
            .then(resolve, reject);
        };
        const request: Request = { name: title, mode, grant };
        const abort = () => {
          queue = queue.filter((other) => other !== request);
          reject(signal?.reason);
          process();
        };
        if (steal) {
          for (const { lock, break: broken } of held) {
            if (lock.name === title) broken(new DOMException("The lock was stolen.", "AbortError"));
          }
          held = held.filter(({ lock }) => lock.name !== title);
          queue.unshift(request);
        } else if (ifAvailable && !(grantable(title, mode) && queue.every((other) => other.name !== title))) {
          return grant(null);
        } else queue.push(request);
        signal?.addEventListener("abort", abort, { once: true });
        process();
      });
    },
    async query() {
      const info = ({ name, mode }: { name: string; mode: LockMode }) => ({ clientId, mode, name });
      return { held: held.map(({ lock }) => info(lock)), pending: queue.map(info) };
    },
  });
}

function makeLock(name: string, mode: LockMode): Lock {
  return Object.create(Lock.prototype, { name: { value: name, enumerable: true }, mode: { value: mode, enumerable: true } }) as Lock;
}
