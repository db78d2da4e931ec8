// The page's second policy, where the header does not have it: WebKit loads no script
// ahead of the parser, and reports each, when one of two policies in force is without
// a nonce (decision 0019).

import { appendTo, createElement, head, listen, root } from "./dom";

/** Puts a policy in force when the page is parsed: before deferred scripts and modules run. */
export function addPolicy(policy: string): void {
  const add = () => {
    const meta = createElement("meta");
    meta.httpEquiv = "Content-Security-Policy";
    meta.content = policy;
    appendTo(head() ?? root(), meta);
  };
  listen(document, "readystatechange", add, { once: true });
}
