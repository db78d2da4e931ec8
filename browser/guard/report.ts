// What the guard refuses is reported as a browser reports what a policy refuses, and
// says no more: where, and which URL. Texts are not sent.

const { Blob } = window;
const sendBeacon = Navigator.prototype.sendBeacon.bind(navigator);

/** A page that is refused more than this has said enough. */
const MAX_REPORTS = 20;

export type Report = (directive: string, blocked: string) => void;

export function makeReport(path: string): Report {
  const told = new Set<string>();
  return (directive, blocked) => {
    const key = `${directive} ${blocked}`;
    if (told.has(key) || told.size === MAX_REPORTS) return;
    told.add(key);
    console.warn(`chatproxy: refused ${blocked} (${directive}): no rule of the policy allows it`);
    const report = {
      "document-uri": location.href,
      "blocked-uri": blocked,
      "effective-directive": directive,
      disposition: "enforce",
    };
    sendBeacon(path, new Blob([JSON.stringify({ "csp-report": report })], { type: "application/csp-report" }));
  };
}
