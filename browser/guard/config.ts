// The guard's configuration: the shape of browser.Config in config.go.

import type { startChat } from "../converse/converse";
import type { digest } from "../digest/digest";
import type { Readers } from "../message/message";
import type { newCalls } from "./calls";
import type { forwardCalls } from "./forward";
import type { newKeptValues } from "./kept";
import type { placeOf, showFrame } from "./visible";

export type Verdict = "allow" | "isolate" | "strip";

export interface Pattern {
  readonly origin?: string;
  readonly path: string;
  readonly query?: boolean;
}

export interface Rule {
  readonly match: readonly Pattern[];
  readonly verdict: Verdict;
  readonly compartment?: string;
  /** It also matches scripts that cannot be told here: behind it nothing is allowed. */
  readonly unknown?: boolean;
}

/** A rule on the texts of inline scripts. */
export interface TextRule {
  /** Hash-sources without quotes, like "sha256-…". */
  readonly digests?: readonly string[];
  /** Strings that a text has somewhere. */
  readonly texts?: readonly string[];
  readonly verdict: Verdict;
  readonly compartment?: string;
  /** It matches some of those texts only: behind it nothing is allowed. */
  readonly unknown?: boolean;
}

/** How a compartment looks, and what it may do. Sizes are CSS pixels; none is the slot's own. */
export interface Frame {
  readonly visible?: boolean;
  /** CSS selector of the element that a visible frame is put into. */
  readonly slot?: string;
  readonly width?: number;
  readonly height?: number;
  readonly maxWidth?: number;
  readonly maxHeight?: number;
  readonly popups?: boolean;
  readonly topNavigation?: boolean;
  readonly permissions?: readonly string[];
  /** Names of the cookies and storage keys that live on; "*" stands for anything. */
  readonly storage?: readonly string[];
  /** Paths of the functions whose calls are passed on. */
  readonly forward?: readonly string[];
}

export interface Chat {
  readonly base: string;
  readonly bosh?: string;
  readonly websocket?: string;
  readonly domain: string;
  readonly settings: Record<string, unknown>;
  readonly stylesheet: string;
  readonly module: string;
}

export interface Config {
  /** The URLs of scripts that run in the page only as they were pinned. */
  readonly pinned?: readonly string[];
  readonly rules: readonly Rule[];
  readonly default: Verdict;
  /** The same for inline scripts: what is pinned, the rules, the verdict without one. */
  readonly digests?: readonly string[];
  readonly texts?: readonly TextRule[];
  readonly inline: Verdict;
  /** The path that reports of refusals go to. */
  readonly report: string;
  readonly compartments: Readonly<Record<string, Frame>>;
  readonly marker: string;
  readonly observe?: boolean;
  readonly chat?: Chat;
}

/** Makes a hash-source; undefined where the policy names none. */
export type Digest = typeof digest | undefined;

/** The parts of the guard that not every page needs. */
export interface Parts extends Readers {
  readonly forwardCalls?: typeof forwardCalls;
  readonly newCalls?: typeof newCalls;
  readonly newKeptValues?: typeof newKeptValues;
  readonly placeOf?: typeof placeOf;
  readonly showFrame?: typeof showFrame;
  readonly digest?: Digest;
  readonly startChat?: typeof startChat;
}

/** Takes the configuration and the nonce from the guard's own element, and the element out of the page. */
export function takeConfig(): { config: Config; nonce: string; policy: string | undefined; parts: Parts } {
  const own = document.currentScript as HTMLScriptElement & Parts;
  const config = JSON.parse(own.dataset["config"] ?? "") as Config;
  const nonce = own.nonce;
  own.remove();
  return { config, nonce, policy: own.dataset["policy"], parts: own };
}
