// The npm package as the script that a site would serve: it takes its options and its
// queue from the snippet.

import { init, track } from "@plausible-analytics/tracker";

const { o: options, q: queued = [] } = window.plausible;
init({ ...options, bindToWindow: false });
window.plausible = track;
for (const call of queued) track(...call);
