// IAB SafeFrame 1.1, the vendor's side, in visible compartments: creatives ask $sf.ext
// how much of them is seen, and for more room. The host grows the frame in the flow of
// the page ("push") and nothing lies over the page.

import type { Hello, PageFacts, View } from "../message/message";
import { later, methods } from "./define";
import type { Link } from "./link";
import { askFor } from "./size";

interface Sides {
  readonly t?: number;
  readonly l?: number;
  readonly r?: number;
  readonly b?: number;
}

type Callback = (status: string, data?: unknown) => void;

/** Follows how much of the frame is seen, and serves $sf.ext. */
export function watchView(link: Link, { maxWidth, maxHeight }: Hello, page: () => PageFacts, slowDown: (unseen: boolean) => void): void {
  let view: View = { ratio: 0, left: 0, top: 0, width: document.documentElement.clientWidth, height: document.documentElement.clientHeight };
  let first: { width: number; height: number } | null = null;
  let status = "collapsed";
  let registered: Callback = () => {};
  /** The request that was refused last. */
  let failed = "";
  let initial = { width: view.width, height: view.height };

  const side = (value: number | undefined) => Math.max(0, Math.floor(Number(value) || 0));
  /** How far it may grow to the right and down. */
  const room = () => ({ t: 0, l: 0, r: Math.max(0, maxWidth - view.width), b: Math.max(0, maxHeight - view.height) });

  const geom = () => {
    const { ratio, left, top, width, height } = view;
    const { width: w, height: h } = page();
    const share = (from: number, length: number, all: number) => Math.max(0, Math.min(from + length, all) - Math.max(from, 0)) / (length || 1);
    const box = { t: top, l: left, r: left + width, b: top + height };
    return {
      win: { t: 0, l: 0, r: w, b: h, w, h },
      self: { ...box, w: width, h: height, z: 0, xiv: share(left, width, w), yiv: share(top, height, h), iv: ratio },
      exp: { ...room(), xs: false, ys: document.documentElement.scrollHeight > height, push: true },
    };
  };

  link.on("view", (message) => {
    const old = view;
    view = message.view;
    slowDown(view.ratio === 0);
    const grown = view.height > old.height || view.width > old.width;
    if (status === "expanding" && grown) registered((status = "expanded"));
    if (status === "collapsing" && first && view.height <= first.height && view.width <= first.width) registered((status = "collapsed"));
    if (["ratio", "left", "top", "width", "height"].some((key) => old[key as keyof View] !== view[key as keyof View])) registered("geom-update", geom());
  });
  for (const type of ["focus", "blur"]) addEventListener(type, () => registered("focus-change", { focus: document.hasFocus() }));

  const ext = {
    register(width: unknown, height: unknown, callback?: Callback) {
      initial = { width: side(width as number) || view.width, height: side(height as number) || view.height };
      if (typeof callback === "function") registered = callback;
    },
    supports: () => ({ "exp-ovr": 0, "exp-push": Number(maxHeight > initial.height || maxWidth > initial.width), "read-cookie": 0, "write-cookie": 0 }),
    geom,
    inViewPercentage: () => Math.round(view.ratio * 100),
    winHasFocus: () => document.hasFocus(),
    status: () => status,
    expand(by: Sides = {}) {
      const [width, height] = [initial.width + side(by.l) + side(by.r), initial.height + side(by.t) + side(by.b)];
      if (status !== "collapsed" || width > maxWidth || height > maxHeight || (width <= view.width && height <= view.height)) {
        // Later, and once: some creatives ask again whenever they are told anything.
        const again = `${status} ${width} ${height}`;
        if (again === failed) return;
        failed = again;
        const reason = status === "collapsed" ? "It is more than there is room for." : `It is ${status}.`;
        later(() => registered("failed", { cmd: "exp-push", reason, info: by }));
        return;
      }
      failed = "";
      first = { width: view.width, height: view.height };
      status = "expanding";
      askFor(width, height);
    },
    collapse() {
      if (status !== "expanded" && status !== "expanding") return;
      status = "collapsing";
      askFor(0, 0);
    },
    // Nothing of the host's is for sale here: neither its own data nor its cookies.
    meta: () => "",
    cookie(name: unknown) {
      registered("failed", { cmd: "read-cookie", reason: "Cookies of the page are not shared.", info: { key: String(name) } });
    },
    hostURL: () => page().url,
  };
  methods(window, { $sf: { ver: "1-1-0", specVersion: "1.1", ext } });
}
