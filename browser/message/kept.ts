// Values of a compartment that live on: what one looks like, and which names may.

import type { Kept } from "./message";
import { isFinite } from "./builtins";
import { indexOf, slice, split } from "./text";

/** The longest name and value that are kept, in UTF-16 units. */
export const MAX_NAME = 256;
export const MAX_VALUE = 16_384;

/** Returns what is to be kept, or null where it has another shape. */
export function readKept(data: unknown): Kept | null {
  if (typeof data !== "object" || data === null) return null;
  const { area, name, value, expires } = data as Record<string, unknown>;
  if (area !== "cookie" && area !== "local" && area !== "session") return null;
  if (typeof name !== "string" || name.length > MAX_NAME) return null;
  if (value !== null && (typeof value !== "string" || value.length > MAX_VALUE)) return null;
  if (expires !== null && (typeof expires !== "number" || !isFinite(expires))) return null;
  return { area, name, value, expires };
}

/** Tells whether a name is among those of a policy's storage list. */
export function isKept(names: readonly string[], name: string): boolean {
  for (let i = 0; i < names.length; i++) if (matches(names[i] as string, name)) return true;
  return false;
}

/** Tells whether a name is the glob's, in which "*" stands for anything. */
function matches(glob: string, name: string): boolean {
  const parts = split(glob, "*");
  const first = parts[0] as string;
  const last = parts[parts.length - 1] as string;
  if (parts.length === 1) return name === glob;
  const end = name.length - last.length;
  if (end < first.length || slice(name, 0, first.length) !== first || slice(name, end) !== last) return false;
  let at = first.length;
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i] as string;
    const found = indexOf(name, part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}
