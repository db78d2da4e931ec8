// Builds the two applications of this folder as their bundlers do by default for a
// site: node build.mjs OUT. What comes out is served under /static/.

import { fileURLToPath } from "node:url";
import path from "node:path";
import { build } from "vite";
import webpack from "webpack";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2]);

const stats = await new Promise((resolve, reject) =>
  webpack(
    {
      mode: "production",
      context: path.join(here, "webpack"),
      entry: "./main.js",
      output: { path: path.join(out, "webpack"), filename: "main.js" }, // publicPath is "auto"
      experiments: { css: true },
    },
    (error, result) => (error ? reject(error) : resolve(result)),
  ),
);
if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));

await build({
  root: path.join(here, "vite"),
  base: "/static/vite/",
  logLevel: "warn",
  configFile: false,
  build: { outDir: path.join(out, "vite"), emptyOutDir: true },
});
