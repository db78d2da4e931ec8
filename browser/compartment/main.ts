// The prelude of a compartment: runs first in the opaque frame and makes
// unmodified vendor code work there. It is no wall: the frame's origin is. What
// it pretends can be undone by the scripts it serves, to nobody's harm.

import { isHello } from "../message/message";
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
import { watchView } from "./safeframe";
import { reportSize } from "./size";
import { beginLoading } from "./stage";
import { virtualStorage } from "./storage";
import { virtualTimers } from "./timers";
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

const host = parent;
addEventListener("message", function hello(event) {
  const port = event.ports[0];
  if (event.source !== host || !isHello(event.data) || !port) return;
  removeEventListener("message", hello);
  event.stopImmediatePropagation();
  const link = new Link(port);
  const { page, visible } = event.data;
  keeper.begin(link, event.data, jar, storages);
  adoptPage(page, !visible, link);
  virtualTimers(!visible);
  beginLoading();
  if (visible) {
    reportSize(link);
    watchView(link, event.data);
  }
  takeCalls(link);
  runScripts(link);
  link.start();
});
