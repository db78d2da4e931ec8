// What goes wrong where a vendor's script runs: uncaught errors, rejections that nobody
// handles, and violations of the policy.

const collector = "COLLECTOR";

function tell(kind, text) {
  navigator.sendBeacon(`${collector}/watch`, JSON.stringify({ kind, text: String(text).slice(0, 2000) }));
}

// Under Partytown the window is the page's; its own worker is what runs the scripts.
const realm = new Function("return self")();
for (const target of new Set([window, realm])) {
  target.addEventListener("error", (event) => {
    if (event.message) tell("error", `${event.message} (${event.filename}:${event.lineno}:${event.colno}) ${event.error?.stack ?? ""}`);
  });
  target.addEventListener("unhandledrejection", (event) => tell("rejection", event.reason?.stack ?? event.reason));
}
document.addEventListener("securitypolicyviolation", (event) => {
  tell("violation", `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
tell("watching", "");
// Partytown catches what scripts throw and writes it to the console.
const { error } = console;
console.error = (...args) => {
  tell("console", args.map((arg) => arg?.stack ?? arg).join(" "));
  error.apply(console, args);
};
