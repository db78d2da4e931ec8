// Frames that scripts of the page make: about:blank and srcdoc documents have the
// page's origin and inherit its policy, but each is a realm of its own, without a
// default Trusted Types policy: nothing could be created there. The guard goes into a
// frame when a script first reaches for its window or document, or when it has loaded.
// A way that is not seen leads to a realm in which nothing runs.

import { apply, defineProperty, getOwnPropertyDescriptor } from "../message/builtins";
import type { Realm } from "./moved";

/**
 * Has enter called for such realms under a realm. Returns what looks into an element,
 * and gives the document of a frame that it could enter.
 */
export function watchFrames(realm: Realm, enter: (child: Realm) => void): (element: EventTarget | null) => Document | undefined {
  const prototype = realm.HTMLIFrameElement.prototype;
  const descriptor = (name: "contentWindow" | "contentDocument") =>
    getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor & { get: () => unknown };
  const { get: getWindow } = descriptor("contentWindow");
  const look = (element: EventTarget | null) => {
    try {
      const child = apply(getWindow, element, []) as Realm | null;
      // A document that is about to make place for one from the network, which has a
      // guard of its own, is left alone: the two may share a window.
      const url = child?.document.URL;
      if (child && (url === "about:srcdoc" || (url === "about:blank" && !/^https?:/.test((element as HTMLIFrameElement).src)))) {
        enter(child);
        return child.document;
      }
    } catch {
      // Another origin, or no frame.
    }
    return undefined;
  };
  for (const name of ["contentWindow", "contentDocument"] as const) {
    const own = descriptor(name);
    defineProperty(prototype, name, {
      ...own,
      get(this: HTMLIFrameElement) {
        look(this);
        return apply(own.get, this, []);
      },
    });
  }
  return look;
}
