// Tells the host how high the content is; the host decides within the policy's bounds.

import type { ToGuard } from "../message/message";

export function reportSize(port: MessagePort): void {
  let last = -1;
  const observer = new ResizeObserver(() => {
    const box = document.body.getBoundingClientRect();
    const height = Math.ceil(box.height);
    if (height === last) return;
    last = height;
    const message: ToGuard = { type: "resize", width: Math.ceil(box.width), height };
    port.postMessage(message);
  });
  observer.observe(document.body);
}
