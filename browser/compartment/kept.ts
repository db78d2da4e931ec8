// Values that live on: the host keeps those whose names the policy lists. What it has
// kept is there before the first script.

import type { Area, Hello, Kept } from "../message/message";
import { isKept, MAX_NAME, MAX_VALUE } from "../message/kept";
import { Jar } from "./cookies";
import { later } from "./define";
import type { Link } from "./link";
import type { Storages } from "./storage";

/** A name is told at once, and then at most this often, in ms: the last value wins. */
const PACE = 100;

export class Keeper {
  #names: readonly string[] = [];
  #link: Link | null = null;
  /** What waits for its turn; null where nothing came since the name was told. */
  readonly #waiting = new Map<string, Kept | null>();

  readonly keep = (area: Area, name: string, value: string | null, expires: number | null = null): void => {
    if (!this.#link || !isKept(this.#names, name)) return;
    // What is too long for the host is not kept, and what was there is out of date.
    const kept: Kept = { area, name, value: value !== null && value.length > MAX_VALUE ? null : value, expires };
    if (name.length > MAX_NAME) return;
    const key = `${area} ${name}`;
    if (this.#waiting.has(key)) this.#waiting.set(key, kept);
    else this.#tell(key, kept);
  };

  /** Puts in what was kept, follows what is kept elsewhere, and begins to keep. */
  begin(link: Link, { storage, kept }: Hello, jar: Jar, storages: Storages): void {
    const take = ({ area, name, value, expires }: Kept, seed: boolean) => {
      if (area !== "cookie") storages.receive(area, name, value, seed);
      else
        jar.set(
          { name, value: value ?? "", domain: "", path: "/", expires: value === null ? 0 : expires, secure: isSecureContext, httpOnly: false, sameSite: null },
          true,
        );
    };
    for (const one of kept) take(one, true);
    link.on("kept", (message) => take(message.kept, false));
    this.#names = storage;
    this.#link = link;
    const flush = () => {
      for (const [key, one] of this.#waiting) {
        this.#waiting.set(key, null);
        if (one) link.post({ type: "keep", kept: one });
      }
    };
    addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", flush);
  }

  #tell(key: string, kept: Kept): void {
    this.#link?.post({ type: "keep", kept });
    this.#waiting.set(key, null);
    later(() => {
      const next = this.#waiting.get(key);
      this.#waiting.delete(key);
      if (next) this.#tell(key, next);
    }, PACE);
  }
}
