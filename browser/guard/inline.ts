// The verdict on the text of a script that a script creates: the same rules as for
// inline scripts in the page's markup (policies.Scripts.Decide).

import type { Config, Digest, TextRule } from "./config";
import type { Decision } from "./decide";

export type DecideInline = (text: string) => Decision;

/** Tells whether the digest of a text is in a list. */
export type IsPinned = (text: string, list: readonly string[] | undefined) => boolean;

export function makeIsPinned(digest: Digest): IsPinned {
  const encoder = new TextEncoder();
  // Rules ask about one text several times.
  let last: string | undefined;
  let made = new Map<string, string>();
  return (text, list) =>
    list?.some((entry) => {
      if (text !== last) [last, made] = [text, new Map<string, string>()];
      const algorithm = entry.slice(0, 6) as "sha256" | "sha384" | "sha512";
      if (digest && !made.has(algorithm)) made.set(algorithm, digest(algorithm, encoder.encode(text)));
      return made.get(algorithm) === entry;
    }) === true;
}

export function makeDecideInline(config: Config, isPinned: IsPinned): DecideInline {
  const here = location.origin;
  // A rule without digests and texts is for every text.
  const matches = ({ digests, texts }: TextRule, text: string) =>
    !(digests ?? texts) || isPinned(text, digests) || texts?.some((part) => text.includes(part));
  return (text) => {
    let doubtful = false;
    const rule = isPinned(text, config.digests)
      ? ({ verdict: "allow" } as TextRule)
      : config.texts?.find((candidate) => {
          const holds = matches(candidate, text);
          if (holds && candidate.unknown) doubtful = true;
          return holds && !candidate.unknown;
        });
    const verdict = rule?.verdict ?? config.inline;
    return {
      verdict: verdict === "allow" && doubtful ? "isolate" : verdict,
      compartment: rule?.compartment || here,
      url: "",
    };
  };
}
