// Runs the scripts that the guard hands over, as a page would: in document order,
// deferred ones and modules at the end of the host page's markup, async ones at once.

import type { IsolatedScript } from "../message/message";
import { later } from "./define";
import type { Link } from "./link";
import { endParsing, reachStage } from "./stage";
import { Writer } from "./write";

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;
/** What runs aside: no other script waits for it, but the load event does, for this long (in ms). */
const aside = new Set<Promise<unknown>>();
const PATIENCE = 3000;
/** The load event, where the page has had it and scripts are waited for. */
let loading: Promise<unknown> | null = null;

/** Does something once the scripts that were handed over so far have run. */
export function afterScripts(act: () => unknown): void {
  waiting++;
  // What fails ends itself, and not those behind it.
  last = last
    .then(act)
    .catch(reportError)
    .finally(() => waiting--);
}

/** Likewise, and behind the stages that were told of. */
export function afterStages(act: () => void): void {
  afterScripts(() => (loading ? void loading.then(act) : act()));
}

export function runScripts(link: Link): void {
  let deferred: Array<() => void> = [];
  let parsing = true;
  /** Scripts that scripts created, to run in their order. */
  let created: Promise<unknown> = last;
  const beside = (done: Promise<unknown>): void => {
    aside.add(done);
    void done.finally(() => aside.delete(done));
  };
  link.on("stage", ({ stage }) => {
    if (stage === "loading") return;
    parsing = false;
    afterScripts(endParsing);
    for (const add of deferred) add();
    deferred = [];
    afterScripts(() => reachStage("interactive"));
    if (stage !== "complete") return;
    afterScripts(() => {
      if (!aside.size) return reachStage(stage);
      loading = Promise.race([Promise.all(aside), new Promise((go) => later(go, PATIENCE))]).then(() => {
        loading = null;
        reachStage(stage);
      });
    });
  });
  link.on("run", ({ script, id }) => {
    const late = script.deferred || script.type === "module";
    const external = script.src !== null;
    // A page comes to an async script behind what stands before it, like the snippet
    // that a library looks for.
    const eager = script.async && (external || script.type === "module");
    const loaded = waiting || (parsing && late) ? preload(script) : null;
    const start = async (): Promise<void> => {
      const ok = await run(script, id !== 0);
      loaded?.remove();
      if (id) link.post({ type: "ran", id, ok });
    };
    const add = () => afterScripts(() => (eager ? beside(start()) : start()));
    if (id && external && !eager) beside((created = Promise.all([created, last]).then(start)));
    else if (parsing && late && !eager) deferred.push(add);
    else add();
  });
}

/** Loads a script that has to wait for others, as a page's parser would that looks ahead. */
function preload({ src, type, attributes }: IsolatedScript): HTMLLinkElement | null {
  if (src === null || (type && type !== "module")) return null;
  const link = document.createElement("link");
  link.rel = type ? "modulepreload" : "preload";
  link.as = "script";
  for (const [name, value] of attributes) if (/^(?:crossorigin|integrity|referrerpolicy)$/i.test(name)) link.setAttribute(name, value);
  link.href = src;
  document.head.append(link);
  return link;
}

/** Runs one script, and what it writes. An external one is done when it has loaded or failed; then ok is false. */
async function run(script: IsolatedScript, created: boolean): Promise<boolean> {
  const { src, text, type, async } = script;
  const element = document.createElement("script");
  for (const [name, value] of script.attributes) {
    try {
      element.setAttribute(name, value);
    } catch {
      // The parser knows names that scripts cannot set.
    }
  }
  if (type) element.type = type;
  element.async = async;
  if (src === null) element.textContent = text;
  else element.src = src;
  const done = (of: Element) =>
    new Promise<boolean>((resolve) => {
      of.addEventListener("load", () => resolve(true));
      of.addEventListener("error", () => resolve(false));
    });
  // A page waits for this one, so it may write to where it stands.
  const writer = !type && !script.deferred && !(src !== null && (async || created)) ? new Writer(element) : null;
  const loaded = src === null ? null : done(element);
  document.body.append(element);
  if (type === "module" && src === null && !async) await inlineModule();
  const ok = (await loaded) ?? true;
  await writer?.end();
  return ok;
}

let modules = 0;

/** Resolves when the inline module that was just appended has run: most engines have no event for it. */
function inlineModule(): Promise<void> {
  const name = `chatproxy-module-${++modules}`;
  const marker = document.createElement("script");
  marker.type = "module";
  marker.async = false;
  marker.textContent = `dispatchEvent(new Event("${name}"))`;
  return new Promise((resolve) => {
    addEventListener(name, () => {
      marker.remove();
      resolve();
    }, { once: true });
    document.body.append(marker);
  });
}
