// The list matching of policies/filters beside @ghostery/adblocker: the same lists,
// the same requests, in one run, in turns.
//
//   node bench/filters/compare.mjs [CORPUS]
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FiltersEngine, Request } from "@ghostery/adblocker";

const corpus = resolve(process.argv[2] ?? process.env.CHATPROXY_CORPUS ?? "../shared/corpus");
if (!existsSync(join(corpus, "lists"))) {
  console.log(`no filter lists under ${corpus}: nothing is measured`);
  process.exit(0);
}
const rounds = 5;
const lists = ["easylist.txt", "easyprivacy.txt"].map((name) => readFileSync(join(corpus, "lists", name), "utf8"));
const requests = JSON.parse(readFileSync(join(corpus, "lists", "matching-requests.json"), "utf8")).map((r) => ({
  type: r.type === "subdocument" ? "sub_frame" : r.type === "xhr" ? "xmlhttprequest" : r.type,
  url: r.url,
  sourceUrl: r.sourceUrl,
}));

const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
const milliseconds = (since) => Number(process.hrtime.bigint() - since) / 1e6;

// One engine for each list, as a policy asks them one by one.
const loads = [];
let engines;
for (let i = 0; i < rounds; i++) {
  const begin = process.hrtime.bigint();
  engines = lists.map((text) => FiltersEngine.parse(text, { loadCosmeticFilters: false, enableOptimizations: true }));
  loads.push(milliseconds(begin));
}

// What is measured is a request from its URL to the verdict, as in Go: the request's
// own parsing is part of it.
function peer() {
  const begin = process.hrtime.bigint();
  let n = 0;
  let blocked = 0;
  while (n < 300_000) {
    for (const r of requests) {
      const request = Request.fromRawDetails(r);
      for (const engine of engines) if (engine.match(request).match) blocked++;
      n++;
    }
  }
  return { us: (milliseconds(begin) * 1e3) / n, blocked: blocked / n };
}

function ours(what) {
  const out = execFileSync("go", ["test", "-run", "^$", "-bench", what, "-benchtime", "1s", "./policies/filters"], {
    encoding: "utf8",
    env: { ...process.env, CHATPROXY_CORPUS: corpus },
  });
  const line = out.split("\n").find((l) => l.startsWith("Benchmark"));
  if (!line) throw new Error(`no benchmark ${what} in: ${out}`);
  const figure = (unit) => Number(line.match(new RegExp(`([\\d.]+) ${unit}`))?.[1]);
  return { us: figure("ns/op") / 1e3, allocations: figure("allocs/op"), memory: figure("retained-B"), ms: figure("ns/op") / 1e6 };
}

peer(); // the engine compiles its filters as they are first asked for
const times = { ours: [], peer: [] };
let allocations = 0;
for (let i = 0; i < rounds; i++) {
  const go = ours("Match/corpus");
  times.ours.push(go.us);
  allocations = Math.max(allocations, go.allocations);
  times.peer.push(peer().us);
}
const load = ours("Load");
const us = { ours: median(times.ours), peer: median(times.peer) };
console.log(`${requests.length} requests, EasyList and EasyPrivacy, medians of ${rounds} rounds in turns\n`);
console.log("                      load both lists     a request, both lists     allocations");
console.log(`policies/filters      ${load.ms.toFixed(0).padStart(8)} ms          ${us.ours.toFixed(2).padStart(10)} µs ${String(allocations).padStart(22)}`);
console.log(`@ghostery/adblocker   ${median(loads).toFixed(0).padStart(8)} ms          ${us.peer.toFixed(2).padStart(10)} µs ${"—".padStart(22)}`);
console.log(`\nmemory of policies/filters after loading both: ${(load.memory / 1e6).toFixed(0)} MB; of a request, ${(us.peer / us.ours).toFixed(1)} times faster`);
