// Values of scripts as plain data: what is forwarded from the page into a
// compartment and back. Each value that is not a primitive is an array with its
// kind in front, so that no key of anybody's object is a key of ours: nothing that
// comes over the port can be a prototype (CWE-1321).

export type Plain =
  | null
  | undefined
  | boolean
  | number
  | string
  | readonly ["list", ...Plain[]]
  /** The arguments of a function: gtag tells them from an array. */
  | readonly ["arguments", ...Plain[]]
  /** An object: key, value, key, value. */
  | readonly ["object", ...Plain[]]
  /** A time in ms since 1970. */
  | readonly ["date", number]
  /** A function of the page's, by its number. */
  | readonly ["function", number];

/** How deep and how many: what is beyond is left out. */
const MAX_DEPTH = 16;
const MAX_VALUES = 10_000;
const MAX_TEXT = 1 << 20;

/** Tells whether it is plain data of a bearable size, whoever sent it. */
export function isPlain(data: unknown): data is Plain {
  let values = 0;
  let text = 0;
  const check = (value: unknown, depth: number): boolean => {
    if (++values > MAX_VALUES || depth > MAX_DEPTH) return false;
    switch (typeof value) {
      case "undefined":
      case "boolean":
      case "number":
        return true;
      case "string":
        text += value.length;
        return text <= MAX_TEXT;
      case "object": {
        if (value === null) return true;
        if (!Array.isArray(value)) return false;
        const [kind, ...rest] = value as unknown[];
        switch (kind) {
          case "list":
          case "arguments":
            return rest.every((part) => check(part, depth + 1));
          case "object":
            return (
              rest.length % 2 === 0 &&
              rest.every((part, i) => (i % 2 === 1 || typeof part === "string") && check(part, depth + 1))
            );
          case "date":
            return rest.length === 1 && typeof rest[0] === "number";
          case "function":
            return rest.length === 1 && Number.isSafeInteger(rest[0]);
        }
        return false;
      }
      default:
        return false;
    }
  };
  return check(data, 0);
}
