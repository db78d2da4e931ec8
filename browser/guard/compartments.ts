// The host side of compartments: which there are, which scripts and calls go into them,
// and what all of them are told.

import type { Heard, Stage, ToCompartment } from "../message/message";
import { newTable, push } from "../message/builtins";
import type { Calls } from "./calls";
import type { Compartment } from "./compartment";
import { muteWindows, newCompartment } from "./compartment";
import type { Config, Frame, Parts } from "./config";
import { listen, takeAway } from "./dom";
import { pageFacts, watchPage } from "./facts";
import { hideFrame, makeFrame } from "./frame";
import { collectInert } from "./inert";
import type { KeptValues } from "./kept";
import type { RunIsolated } from "./moved";
import type { Place } from "./visible";

/** All frames of one name. */
interface Named {
  readonly name: string;
  readonly frame: Frame;
  readonly calls: Calls | undefined;
  readonly kept: KeptValues | undefined;
  /** Those whose frames are there, or will be. */
  readonly all: Set<Compartment>;
  /** Visible ones stand where their scripts stood, or in a slot: one for each place. A hidden one has none. */
  readonly places: Map<Element | undefined, Compartment>;
  /** The one whose slot may yet come, and the script that it is for. */
  later?: { readonly compartment: Compartment; readonly anchor: Element | null } | undefined;
}

interface Running {
  readonly of: Compartment;
  readonly ran: (ok: boolean) => void;
}

export interface Compartments {
  /** Runs a script in the named compartment, which is made where it is missing. */
  readonly run: RunIsolated;
  /** Begins: puts the stubs of forwarded calls in, and watches the page while it streams. */
  readonly start: () => void;
}

export function newCompartments({ compartments, marker }: Config, nonce: string, parts: Parts): Compartments {
  const known = newTable<Named>();
  /** Where the page was loaded from. It may call itself something else by now. */
  const page = location.href;
  /** What the page has reached: compartments that are opened later are told. */
  let stage: Stage = "loading";
  let watching = false;
  /** Who waits for scripts that were handed over, by their ids. */
  const running = newTable<Running>();
  let last = 0;

  const each = (act: (named: Named) => void) => {
    for (const name in known) act(known[name] as Named);
  };
  const tell = (message: ToCompartment) =>
    each(({ all }) => {
      for (const compartment of all) compartment.post(message);
    });
  const reach = (reached: Stage) => tell({ type: "stage", stage: (stage = reached) });

  const named = (name: string): Named => {
    const frame = (Object.hasOwn(compartments, name) && compartments[name]) || {};
    return (known[name] ??= {
      name,
      frame,
      calls: parts.newCalls?.(),
      kept: parts.newKeptValues?.(name, frame.storage ?? []),
      all: new Set(),
      places: new Map(),
    });
  };

  /** Those of a name that are still there. */
  const present = ({ all }: Named) => {
    for (const compartment of all) compartment.look();
    return all;
  };

  const add = ({ name, frame, all, calls }: Named): Compartment => {
    const compartment = newCompartment(name);
    for (const call of calls?.waiting ?? []) compartment.post(call);
    // Of hidden ones there is one at a time: one that takes its place makes no call again.
    if (!frame.visible && calls) calls.waiting.length = 0;
    if (stage !== "loading") compartment.post({ type: "stage", stage });
    all.add(compartment);
    return compartment;
  };

  const open = ({ name, frame, places, kept, calls, all }: Named, compartment: Compartment, place: Place | null): Compartment => {
    places.set(place?.key, compartment);
    // The page's own path and query plus the marker, so that location reads as the page's.
    const url = new URL(page);
    url.search += `${url.search ? "&" : "?"}${marker}=${encodeURIComponent(name)}`;
    const element = makeFrame(frame, place ? name : "", url.href);
    const shown = place && parts.showFrame?.(element, frame, place, (view) => compartment.post({ type: "view", view }));
    if (!shown) hideFrame(element);
    if (!watching) watchPage((facts) => tell({ type: "page", page: facts }));
    watching = true;
    const greet = () => ({
      chatproxy: "hello" as const,
      page: pageFacts(),
      visible: !!shown,
      maxWidth: shown?.maxWidth ?? 0,
      maxHeight: shown?.maxHeight ?? 0,
      storage: frame.storage ?? [],
      kept: kept?.all() ?? [],
    });
    const hear = (message: Heard) => {
      if (message.type === "resize") shown?.resize(message.width, message.height);
      else if (message.type === "ran") {
        const waits = running[message.id];
        if (waits?.of !== compartment) return;
        delete running[message.id];
        waits.ran(message.ok);
      } else if (message.type === "callback") calls?.answer(message.id, message.values);
      else if (kept?.keep(message.kept)) {
        for (const other of all) if (other !== compartment) other.post({ type: "kept", kept: message.kept });
      }
    };
    // What comes next opens another. Who waits for a script is told that it failed.
    const gone = () => {
      if (!place) takeAway(element);
      all.delete(compartment);
      if (places.get(place?.key) === compartment) places.delete(place?.key);
      for (const id in running) {
        const { of, ran } = running[id] as Running;
        if (of !== compartment) continue;
        delete running[id];
        ran(false);
      }
    };
    compartment.talk(element, greet, parts, hear, gone);
    return compartment;
  };

  const placeOf = (frame: Frame, anchor: Element | null, parsing: boolean) =>
    (frame.visible && parts.placeOf?.(frame, anchor, parsing)) || null;

  /** Opens what has waited for a slot, if that is there or will not come any more. */
  const openLater = (of: Named, parsing: boolean) => {
    const { later, frame } = of;
    const place = later && placeOf(frame, later.anchor, parsing);
    if (place === undefined || place === "later") return;
    of.later = undefined;
    open(of, (later as NonNullable<typeof later>).compartment, place);
  };

  const run: RunIsolated = (name, script, anchor, ran) => {
    const of = named(name);
    const place = placeOf(of.frame, anchor, stage === "loading");
    present(of);
    const compartment =
      place === "later"
        ? (of.later ??= { compartment: add(of), anchor }).compartment
        : (of.places.get(place?.key) ?? open(of, add(of), place));
    if (ran) running[++last] = { of: compartment, ran };
    compartment.post({ type: "run", script, id: ran ? last : 0 });
  };

  const start = () => {
    muteWindows();
    const takers = newTable<Named[]>();
    for (const name in compartments) {
      for (const path of compartments[name]?.forward ?? []) push((takers[path] ??= []), named(name));
    }
    const restub = parts.forwardCalls?.(Object.keys(takers), (path, args) => {
      for (const of of takers[path] as Named[]) {
        const all = present(of);
        const call = (of.calls as Calls).make(path, args, of.frame.visible || !all.size);
        for (const compartment of all) compartment.post(call);
      }
    });
    // A script of the page that came from elsewhere has run.
    if (restub) listen(document, "load", restub, { capture: true });
    collectInert(nonce, run, (parsing) => {
      restub?.();
      each((of) => openLater(of, parsing));
      if (!parsing) reach("interactive");
    });
    listen(window, "load", () => reach("complete"), { once: true });
    listen(window, "storage", (event: StorageEvent) =>
      each(({ all, kept }) => {
        for (const change of kept?.changed(event) ?? []) for (const one of all) one.post({ type: "kept", kept: change });
      }),
    );
  };

  return { run, start };
}
