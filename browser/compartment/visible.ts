// What a visible compartment needs beyond the prelude: its size, how much of it is
// seen, timers that rest when nothing is, and frames that creatives write into. A script of its own (decision 0017).

import type { Hello, PageFacts } from "../message/message";
import type { Link } from "./link";
import { virtualFrames } from "./frames";
import { watchView } from "./safeframe";
import { reportSize } from "./size";
import { paceTimers } from "./timers";

/** How the prelude starts it; the last is to be told whether the frame is unseen. */
export type Begin = (link: Link, hello: Hello, page: () => PageFacts, slowFrames: (unseen: boolean) => void) => void;

const begin: Begin = (link, hello, page, slowFrames) => {
  let slow = false;
  paceTimers(() => slow);
  reportSize(link);
  virtualFrames();
  watchView(link, hello, page, (unseen) => {
    slow = unseen;
    slowFrames(unseen);
  });
};
dispatchEvent(new CustomEvent<Begin>("chatproxy-visible", { detail: begin }));
