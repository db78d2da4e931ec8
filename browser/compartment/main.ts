// The prelude of a compartment: runs first in the opaque frame and makes
// unmodified vendor code work there. It is no wall: the frame's origin is. What
// it pretends can be undone by the scripts it serves, to nobody's harm.

import { takeCalls } from "./forward";
import { Link } from "./link";
import { adoptPage, hideMarker } from "./page";
import { runScripts } from "./run";
import { reportSize } from "./size";
import { beginLoading } from "./stage";
import { virtualStorage } from "./storage";
import { isHello } from "../message/message";

hideMarker();
virtualStorage();

const host = parent;
addEventListener("message", function hello(event) {
  const port = event.ports[0];
  if (event.source !== host || !isHello(event.data) || !port) return;
  removeEventListener("message", hello);
  event.stopImmediatePropagation();
  const link = new Link(port);
  adoptPage(event.data.page);
  beginLoading();
  reportSize(link);
  takeCalls(link);
  runScripts(link);
  link.start();
});
