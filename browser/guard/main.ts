// The guard: the first script of a protected page. It runs before any other, so
// that the built-ins it uses are the browser's own.

import { newCompartments } from "./compartments";
import { takeConfig } from "./config";
import { makeDecide } from "./decide";
import { makeDecideInline, makeIsPinned } from "./inline";
import { addPolicy } from "./policy";
import { makeReport } from "./report";
import type { Rules } from "./moved";
import { guardScripts } from "./scripts";

const { config, nonce, policy, parts } = takeConfig();
// Where the page stands in a sandbox it is no page of the site: a compartment that
// reloads itself comes here. Nothing is started in it.
const opaque = self.origin === "null";
if (!config.observe) {
  const compartments = newCompartments(config, nonce, parts);
  const isPinned = makeIsPinned(parts.digest);
  const rules: Rules = {
    decide: makeDecide(config),
    decideInline: makeDecideInline(config, isPinned),
    run: (...args) => {
      if (!opaque) compartments.run(...args);
    },
  };
  if (policy) addPolicy(policy);
  guardScripts(nonce, rules, makeReport(config.report));
  if (!opaque) compartments.start();
}
if (config.chat && !opaque) parts.startChat?.(config.chat);
