// What scripts measure. In a hidden frame, which is one pixel wide and would pass for a
// tiny phone, it is the page. In a visible one it is the frame's own, as is all that is
// laid out in it: an advertisement asks how large it is.

import type { PageFacts } from "../message/message";
import { getter, methods } from "./define";

type Read = () => PageFacts;

export function measure(page: Read): void {
  const facts = (target: object, named: Record<string, keyof PageFacts>) => {
    for (const [name, fact] of Object.entries(named)) getter(target, name, () => page()[fact], () => {});
  };
  facts(window, { innerWidth: "width", innerHeight: "height", scrollX: "scrollX", scrollY: "scrollY", pageXOffset: "scrollX", pageYOffset: "scrollY" });
  if (visualViewport) {
    facts(VisualViewport.prototype, { width: "width", height: "height", pageLeft: "scrollX", pageTop: "scrollY" });
  }
  const size = { scrollWidth: "documentWidth", scrollHeight: "documentHeight", offsetWidth: "documentWidth", offsetHeight: "documentHeight" } as const;
  facts(document.documentElement, { ...size, clientWidth: "width", clientHeight: "height", scrollLeft: "scrollX", scrollTop: "scrollY" });
  facts(document.body, { ...size, clientWidth: "documentWidth", clientHeight: "documentHeight" });
  virtualMedia(page);
}

/** Features of media queries that are about the viewport, and their lengths. */
const FEATURE = /\((?:[^()]*[^-\w(])?(?:width|height|orientation|aspect-ratio)(?![-\w])[^()]*\)|\((?:min|max)-(?:width|height|aspect-ratio)\s*:[^()]*\)/gi;

/** Lets matchMedia answer for the page's viewport. Each feature of it is decided here, the rest of the query by the browser. */
function virtualMedia(page: Read): void {
  const native = matchMedia.bind(window);
  const live = new Set<WeakRef<MediaQueryList & { recheck: () => void }>>();
  methods(window, {
    matchMedia(text: unknown) {
      const query = String(text);
      const decided = () => query.replace(FEATURE, (feature) => (holds(feature.slice(1, -1).toLowerCase(), page()) ? "(min-width:0)" : "(max-width:-1px)"));
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

const UNITS: Record<string, number> = { px: 1, em: 16, rem: 16, cm: 96 / 2.54, mm: 9.6 / 2.54, in: 96, pt: 4 / 3, pc: 16, "": 1 };

/** Decides "min-width: 600px", "400px <= width < 70em", "orientation: landscape" and the like. */
function holds(feature: string, { width, height }: PageFacts): boolean {
  const actual: Record<string, number> = { width, height, "aspect-ratio": width / height };
  if (feature.includes("orientation")) {
    const [, value] = feature.split(":");
    return !value || value.trim() === (height >= width ? "portrait" : "landscape");
  }
  const amount = (text: string): number => {
    const name = text.trim();
    if (actual[name] !== undefined) return actual[name];
    const [, number, unit = "", over] = /^([-+.\d]+)\s*(?:([a-z]+)|\/\s*([.\d]+))?$/.exec(name) ?? [];
    return over ? Number(number) / Number(over) : Number(number) * (UNITS[unit] ?? NaN);
  };
  const plain = /^\s*(min-|max-)?([a-z-]+)\s*(?::(.*))?$/.exec(feature);
  if (plain) {
    const [, bound, name = "", value] = plain;
    const is = amount(name);
    if (value === undefined) return is !== 0;
    const wanted = amount(value);
    return bound === "min-" ? is >= wanted : bound === "max-" ? is <= wanted : is === wanted;
  }
  const parts = feature.split(/([<>]=?|=)/);
  for (let i = 1; i < parts.length; i += 2) {
    const [a, b] = [amount(parts[i - 1] ?? ""), amount(parts[i + 1] ?? "")];
    const sign = parts[i];
    if (!(sign === "<" ? a < b : sign === "<=" ? a <= b : sign === ">" ? a > b : sign === ">=" ? a >= b : a === b)) return false;
  }
  return true;
}
