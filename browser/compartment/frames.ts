// Frames that a creative makes to write into. In a page an empty frame has its maker's
// origin; here it has one of its own, and its document is out of reach. So its maker
// gets a document without a window, and what is in that becomes the frame's srcdoc, once
// it has been closed or left alone. Scripts run there; from then on the two have only
// messages for each other.

import { getter, later, methods } from "./define";

/** How long a document that was opened may stand without anything new, in ms. */
const PATIENCE = 500;

const proto = HTMLIFrameElement.prototype;

/** Tells whether a frame would have the origin of its maker. */
const isBlank = (frame: HTMLIFrameElement): boolean =>
  !frame.hasAttribute("srcdoc") && frame.isConnected && /^(?:|about:blank|javascript:.*)$/i.test((frame.getAttribute("src") ?? "").trim());

export function virtualFrames(): void {
  const native = (name: "contentDocument" | "contentWindow") => Object.getOwnPropertyDescriptor(proto, name)?.get as () => unknown;
  const [nativeDocument, nativeWindow] = [native("contentDocument"), native("contentWindow")];
  const documents = new WeakMap<HTMLIFrameElement, Document>();
  const documentOf = (frame: HTMLIFrameElement): Document | null => {
    const known = documents.get(frame);
    if (known || !isBlank(frame)) return known ?? null;
    const made = makeDocument(frame);
    documents.set(frame, made);
    return made;
  };
  getter(proto, "contentDocument", function (this: HTMLIFrameElement) {
    return Reflect.apply(nativeDocument, this, []) ?? documentOf(this);
  });
  getter(proto, "contentWindow", function (this: HTMLIFrameElement) {
    const real = Reflect.apply(nativeWindow, this, []) as Window | null;
    const doc = real && isBlank(this) ? documentOf(this) : null;
    if (!doc) return real;
    const window: object = new Proxy({}, {
      get: (_target, name) => (name === "document" ? doc : name === "window" || name === "self" ? window : Reflect.get(real as object, name, real)),
      set: (_target, name, value) => Reflect.set(real as object, name, value),
    });
    return window;
  });
}

function makeDocument(frame: HTMLIFrameElement): Document {
  const made = document.implementation.createHTMLDocument("");
  let open = false;
  let changes = 0;
  let shown = "";
  const show = () => {
    const { doctype, documentElement: root } = made;
    const text = (doctype ? "<!doctype html>" : "") + (root ? root.outerHTML : "");
    if (frame.isConnected && text !== shown) frame.srcdoc = shown = text;
  };
  const soon = () => {
    const mine = ++changes;
    later(() => mine === changes && show(), open ? PATIENCE : 0);
  };
  new MutationObserver(soon).observe(made, { childList: true, subtree: true, characterData: true, attributes: true });
  methods(made, {
    open(...args: unknown[]) {
      open = true;
      return Reflect.apply(Document.prototype.open, made, args) as unknown;
    },
    close() {
      Reflect.apply(Document.prototype.close, made, []);
      open = false;
      soon();
    },
  });
  return made;
}
