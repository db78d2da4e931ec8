// The chat in the page itself (placement: inline). It is loaded as a module whose
// default export is the API, so that no global of the page leads to it. This
// keeps it from scripts that are isolated or stripped; it is no wall against a
// script that is allowed in this realm.

import type { Chat } from "../guard/config";
import { createElement, head, readyState, root } from "../guard/dom";

interface Converse {
  initialize(settings: Record<string, unknown>): Promise<unknown>;
}

/** Loads and starts the chat when the page's markup is complete. */
export function startChat(chat: Chat): void {
  seal();
  const start = () => void load(chat).catch((error: unknown) => console.error("chatproxy: the chat did not start:", error));
  if (readyState() === "loading") addEventListener("DOMContentLoaded", start, { once: true });
  else start();
}

/**
 * Takes away what Converse shows to the page: window.converse, and the event
 * whose detail is the API. The setter takes nothing over, since what is assigned
 * may be another script's object.
 */
function seal(): void {
  Object.defineProperty(window, "converse", { configurable: false, get: () => undefined, set: () => {} });
  addEventListener("converse-loaded", (event) => event.stopImmediatePropagation(), true);
}

async function load(chat: Chat): Promise<void> {
  // No setting removes the sponsors' logos, which come from other hosts.
  customElements.define("converse-footer", class extends HTMLElement {});

  const parent = head() ?? root();
  const style = createElement("link");
  style.rel = "stylesheet";
  style.href = chat.base + chat.stylesheet;
  parent.append(style);

  // OMEMO looks for its WebAssembly beside the script element of the client. The
  // element is for looking at only; made by the parser, its address is not judged.
  parent.insertAdjacentHTML("beforeend", `<script type="text/plain" src="${chat.base}${chat.module}"></script>`);

  const url = chat.base + chat.module;
  const { default: converse } = (await import(url)) as { default: Converse };
  await converse.initialize(settings(chat));
}

function settings(chat: Chat): Record<string, unknown> {
  const socket = location.origin.replace(/^http/, "ws");
  return {
    authentication: "login",
    discover_connection_methods: false,
    i18n: root().lang || "en",
    keepalive: true,
    play_sounds: false,
    theme: "classic",
    view_mode: "overlayed",
    ...chat.settings,
    assets_path: chat.base,
    locked_domain: chat.domain,
    // SCRAM keys are as good as the password. Only a reload over WebSocket needs
    // them; BOSH attaches to its session again.
    reuse_scram_keys: chat.websocket !== undefined,
    ...(chat.bosh !== undefined && { bosh_service_url: location.origin + chat.bosh }),
    ...(chat.websocket !== undefined && { websocket_url: socket + chat.websocket }),
  };
}
