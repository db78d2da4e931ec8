// Tells the host how high the content is; the host decides within the policy's bounds.

import type { Link } from "./link";

export function reportSize(link: Link): void {
  let last = -1;
  const observer = new ResizeObserver(() => {
    const box = document.body.getBoundingClientRect();
    const height = Math.ceil(box.height);
    if (height === last) return;
    last = height;
    link.post({ type: "resize", width: Math.ceil(box.width), height });
  });
  observer.observe(document.body);
}
