// A part of the guard that goes before it on sites with visible compartments: the guard
// finds it on its own element, and no global leads to it.

import { placeOf, showFrame } from "../guard/visible";

Object.assign(document.currentScript as object, { placeOf, showFrame });
