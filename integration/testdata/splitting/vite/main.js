// An application in parts: modules that import() brings, with the preloads of what
// they need (link elements) and their style sheets, and a worker by its URL.

import { shared } from "./shared.js";

window.app = { shared: shared() };

const locales = import.meta.glob("./locales/*.js");
const [page, locale] = await Promise.all([import("./page.js"), locales[`./locales/${document.documentElement.lang}.js`]()]);
app.locale = locale.default;
await page.render(app);

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => (app.worker = data);
worker.postMessage(20);
