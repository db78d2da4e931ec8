// matchMedia of a hidden frame, which answers for the page's viewport.

import type { PageFacts } from "../message/message";
import { getter, methods } from "./define";
import { decide } from "./mediafeature";

/** Decides here what a query asks of the viewport, and leaves the rest of it to the browser. */
export function virtualMedia(page: () => PageFacts): void {
  const native = matchMedia.bind(window);
  const live = new Set<WeakRef<MediaQueryList & { recheck: () => void }>>();
  methods(window, {
    matchMedia(text: unknown) {
      const query = String(text);
      const decided = () => decide(query, page());
      if (decided() === query) return native(query);
      const { media } = native(query);
      const list = native(decided()) as MediaQueryList & { recheck: () => void };
      const matches = () => native(decided()).matches;
      let last = matches();
      getter(list, "matches", matches);
      getter(list, "media", () => media);
      Object.defineProperty(list, "recheck", {
        value: () => {
          if (last === matches()) return;
          last = !last;
          list.dispatchEvent(new MediaQueryListEvent("change", { media, matches: last }));
        },
      });
      live.add(new WeakRef(list));
      return list;
    },
  });
  addEventListener("resize", () => {
    for (const ref of live) {
      const list = ref.deref();
      if (list) list.recheck();
      else live.delete(ref);
    }
  });
}
