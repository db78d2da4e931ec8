// A part of the guard that goes before it on sites whose policy lets compartments keep
// values: the guard finds it on its own element, and no global leads to it.

import { newKeptValues } from "../guard/kept";
import { readKept } from "../message/kept";

Object.assign(document.currentScript as object, { newKeptValues, readKept });
