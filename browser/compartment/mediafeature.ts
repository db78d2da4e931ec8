// Media features that are about the viewport (Media Queries 4 §4), decided for one that
// is not the frame's.

interface Viewport {
  readonly width: number;
  readonly height: number;
}

/** Features of media queries that are about the viewport, and their lengths. */
const FEATURE = /\((?:[^()]*[^-\w(])?(?:width|height|orientation|aspect-ratio)(?![-\w])[^()]*\)|\((?:min|max)-(?:width|height|aspect-ratio)\s*:[^()]*\)/gi;

/** Returns the query with each such feature replaced by one that always or never holds. */
export const decide = (query: string, viewport: Viewport): string =>
  query.replace(FEATURE, (feature) => (holds(feature.slice(1, -1).toLowerCase(), viewport) ? "(min-width:0)" : "(max-width:-1px)"));

const UNITS: Record<string, number> = { px: 1, em: 16, rem: 16, cm: 96 / 2.54, mm: 9.6 / 2.54, in: 96, pt: 4 / 3, pc: 16, "": 1 };

/** Decides "min-width: 600px", "400px <= width < 70em", "orientation: landscape" and the like. */
function holds(feature: string, { width, height }: Viewport): boolean {
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
