// Methods of strings, as they were before any other script ran.

import { uncurry } from "./builtins";

export const split = uncurry("".split) as (text: string, by: string) => string[];
export const indexOf = uncurry("".indexOf) as (text: string, part: string, from?: number) => number;
export const slice = uncurry("".slice) as (text: string, from: number, to?: number) => string;
