// The verdict on a script that a script creates: the same rules as for scripts in
// the page's markup (policies.Scripts.Decide), on the URL as the browser reads it.

import type { Config, Pattern, Verdict } from "./config";
import { baseURI } from "./dom";

export interface Decision {
  readonly verdict: Verdict;
  readonly compartment: string;
  /** The absolute URL. */
  readonly url: string;
}

export type Decide = (url: string) => Decision;

interface Compiled {
  readonly matches: (url: URL) => boolean;
  readonly verdict: Verdict;
  readonly compartment: string | undefined;
  /** What stands behind it may not allow: it may be what an earlier rule is against. */
  readonly doubtful: boolean;
}

export function makeDecide(config: Config): Decide {
  const here = location.origin;
  let doubtful = false;
  const rules: Compiled[] = config.rules.map((rule) => {
    const patterns = rule.match.map((pattern) => compile(pattern, here));
    const behind = doubtful;
    doubtful ||= rule.unknown === true;
    return {
      doubtful: behind,
      matches: (url) => patterns.some((matches) => matches(url)),
      verdict: rule.verdict,
      compartment: rule.compartment,
    };
  });
  return (text) => {
    let url: URL;
    try {
      url = new URL(text, baseURI());
    } catch {
      return { verdict: "strip", compartment: "", url: text };
    }
    // data: and blob: scripts have no origin that a rule could name.
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      return { verdict: "strip", compartment: "", url: url.href };
    }
    // A pinned script has to be checked, which cannot be asked for from here.
    const certain = isPlain(url.pathname) && !config.pinned?.includes(url.href.split("#")[0] ?? "");
    const rule = rules.find((candidate) => (certain || candidate.verdict !== "allow") && candidate.matches(url));
    const verdict = rule ? rule.verdict : config.default;
    const mayAllow = certain && !(rule ? rule.doubtful : doubtful);
    return {
      verdict: verdict === "allow" && !mayAllow ? "isolate" : verdict,
      compartment: rule?.compartment || url.origin,
      url: url.href,
    };
  };
}

/**
 * Tells whether every parser and every server reads the path alike; one that is not
 * plain is never allowed. It is policies.plainPath.
 */
function isPlain(path: string): boolean {
  return /^(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%(?:20|[89A-Fa-f][0-9A-Fa-f]))*$/.test(path) && !path.includes("//");
}

function compile(pattern: Pattern, here: string): (url: URL) => boolean {
  const origin = pattern.origin ? new RegExp(pattern.origin) : null;
  const path = new RegExp(pattern.path);
  return (url) =>
    (origin ? origin.test(url.origin) : url.origin === here) &&
    path.test(pattern.query ? url.pathname + (url.search || "?") : url.pathname);
}
