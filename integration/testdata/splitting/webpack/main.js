// An application in parts: what it loads later comes by script elements, style sheets
// by link elements, and a worker by its URL.

import { shared } from "./shared.js";

window.app = { shared: shared() };

Promise.all([
  import(/* webpackPrefetch: true */ "./prefetched.js"),
  import(/* webpackChunkName: "page" */ "./page.js"),
  import("./locales/" + document.documentElement.lang + ".js"),
]).then(([prefetched, page, locale]) => {
  app.prefetched = prefetched.default;
  app.locale = locale.default;
  page.render(app);
});

const worker = new Worker(new URL("./worker.js", import.meta.url));
worker.onmessage = ({ data }) => (app.worker = data);
worker.postMessage(20);
