// Tells the host how large the content of a visible frame is; the host decides within
// the policy's bounds.

import type { Link } from "./link";

let floor = { width: 0, height: 0 };
let tell = (): void => {};

/** Asks for at least this size, in CSS pixels, whatever the content: an ad expands. */
export function askFor(width: number, height: number): void {
  floor = { width, height };
  tell();
}

export function reportSize(link: Link): void {
  let last = "";
  tell = () => {
    const { body, documentElement: root } = document;
    if (!body) return;
    const box = body.getBoundingClientRect();
    // What overflows the frame does not count in the body's own box.
    const width = Math.max(box.width, root.scrollWidth, floor.width);
    const height = Math.max(box.bottom + scrollBy(root), root.scrollHeight > root.clientHeight ? root.scrollHeight : 0, floor.height);
    const size = { width: Math.ceil(width), height: Math.ceil(height) };
    const text = `${size.width} ${size.height}`;
    if (text === last) return;
    last = text;
    link.post({ type: "resize", ...size });
  };
  const observer = new ResizeObserver(tell);
  observer.observe(document.body);
  observer.observe(document.documentElement);
  addEventListener("load", tell, true); // images that are out of the flow
}

/** How far the frame's own content is scrolled: window.scrollY is the page's. */
const scrollBy = (root: Element): number => root.scrollTop;
