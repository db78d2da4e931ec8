// What scripts measure. In a hidden frame, which is one pixel wide and would pass for a
// tiny phone, it is the page. In a visible one it is the frame's own, as is all that is
// laid out in it: an advertisement asks how large it is.

import type { PageFacts } from "../message/message";
import { getter } from "./define";
import { virtualMedia } from "./media";

export function measure(page: () => PageFacts): void {
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
