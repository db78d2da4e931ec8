// The guard: the first script of a protected page. It runs before any other, so
// that the built-ins it uses are the browser's own.

import { startChat } from "./chat";
import { Compartments } from "./compartments";
import { takeConfig } from "./config";
import { makeDecide } from "./decide";
import { guardScripts } from "./scripts";

const { config, nonce } = takeConfig();
if (!config.observe) {
  const compartments = new Compartments(config, nonce);
  guardScripts(makeDecide(config), nonce, (name, script, anchor) => compartments.run(name, script, anchor));
  compartments.collect();
}
if (config.chat) startChat(config.chat);
