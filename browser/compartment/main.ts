// The prelude of a compartment: runs first in the opaque frame and makes
// unmodified vendor code work there. It is no wall: the frame's origin is. What
// it pretends can be undone by the scripts it serves, to nobody's harm.

import { isHello } from "../message/message";
import { paceFrames } from "./animation";
import { Jar, virtualCookies } from "./cookies";
import { virtualCookieStore } from "./cookiestore";
import { denyFeatures } from "./denied";
import { takeCalls } from "./forward";
import { virtualHistory } from "./history";
import { virtualIndexedDB } from "./indexeddb";
import { Keeper } from "./kept";
import { Link } from "./link";
import { virtualLocks } from "./locks";
import { adoptPage, hideMarker } from "./page";
import { runScripts } from "./run";
import { beginLoading, watchListeners } from "./stage";
import { virtualStorage } from "./storage";
import type { Begin } from "./visible";
import { virtualWrite } from "./write";

hideMarker();
const keeper = new Keeper();
const jar = new Jar();
jar.observe((before, after, seeded) => {
  if (!seeded) keeper.keep("cookie", (after ?? before)?.name ?? "", after?.value ?? null, after?.expires ?? null);
});
virtualCookies(jar);
virtualCookieStore(jar);
const storages = virtualStorage(keeper.keep);
virtualIndexedDB(document.currentScript?.dataset["indexeddb"]);
virtualLocks();
virtualHistory();
virtualWrite();
denyFeatures();

// The second script of visible compartments.
let begin: Begin | undefined;
addEventListener("chatproxy-visible", (event) => (begin = (event as CustomEvent<Begin>).detail), { once: true });

const host = parent;
addEventListener("message", function hello(event) {
  const port = event.ports[0];
  if (event.source !== host || !isHello(event.data) || !port) return;
  removeEventListener("message", hello);
  event.stopImmediatePropagation();
  const link = new Link(port);
  const { page, visible } = event.data;
  keeper.begin(link, event.data, jar, storages);
  const facts = adoptPage(page, !visible, link);
  const slowFrames = paceFrames(!visible);
  beginLoading();
  begin?.(link, event.data, facts, slowFrames);
  watchListeners();
  takeCalls(link);
  runScripts(link);
  link.start();
});
