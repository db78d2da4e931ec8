// A part of the guard that goes before it on sites whose policy forwards calls: the guard
// finds it on its own element, and no global leads to it.

import { newCalls } from "../guard/calls";
import { forwardCalls } from "../guard/forward";
import { decode } from "../message/plain";

Object.assign(document.currentScript as object, { forwardCalls, newCalls, decode });
