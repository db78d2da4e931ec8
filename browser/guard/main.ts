// The guard: the first script of a protected page. It runs before any other, so
// that the built-ins it uses are the browser's own.

import { startChat } from "./chat";
import { newCompartments } from "./compartments";
import { takeConfig } from "./config";
import { makeDecide } from "./decide";
import { guardScripts } from "./scripts";

const { config, nonce } = takeConfig();
// Where the page stands in a sandbox it is no page of the site: a compartment that
// reloads itself comes here. Nothing is started in it.
const opaque = self.origin === "null";
if (!config.observe) {
  const compartments = newCompartments(config, nonce);
  const decide = makeDecide(config);
  guardScripts(decide, nonce, (name, script, anchor) => {
    if (!opaque) compartments.run(name, script, anchor);
  });
  if (!opaque) compartments.start();
}
if (config.chat && !opaque) startChat(config.chat);
