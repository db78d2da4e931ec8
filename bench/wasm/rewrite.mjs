// How fast html-rewriter-wasm (Cloudflare's lol-html as WebAssembly) gives every
// script of real pages a nonce: what the rewriter of chatproxy is compared with.
// Pages are fed in chunks as a proxy gets them.
//
//	node bench/wasm/rewrite.mjs FOLDER
import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {HTMLRewriter} from 'html-rewriter-wasm';

const CHUNK = 16 << 10;
const ROUNDS = 7;
const NONCE = 'dGhlIG5vbmNlIG9mIGEgcmVzcA==';

/** Rewrites one page; returns how many bytes came out and how many scripts it had. */
async function rewrite(page) {
  let written = 0;
  let scripts = 0;
  const rewriter = new HTMLRewriter(chunk => {
    written += chunk.length;
  });
  rewriter.on('script', {
    element(script) {
      scripts++;
      script.setAttribute('nonce', NONCE);
    },
  });
  try {
    for (let at = 0; at < page.length; at += CHUNK) {
      await rewriter.write(page.subarray(at, at + CHUNK));
    }
    await rewriter.end();
  } finally {
    rewriter.free();
  }
  return {written, scripts};
}

/** Rewrites every page once. */
async function round(pages) {
  const sum = {read: 0, written: 0, scripts: 0};
  for (const page of pages) {
    const {written, scripts} = await rewrite(page);
    sum.read += page.length;
    sum.written += written;
    sum.scripts += scripts;
  }
  return sum;
}

const folder = process.argv[2];
let names;
try {
  names = readdirSync(folder).filter(name => name.endsWith('.html'));
} catch {
  names = [];
}
if (names.length === 0) {
  console.log(`html-rewriter-wasm: not measured: there are no pages in ${folder}; set CHATPROXY_CORPUS to the corpus`);
  process.exit(0);
}
const pages = names.map(name => readFileSync(join(folder, name)));
const {read, written, scripts} = await round(pages); // the warm-up, too
if (scripts === 0 || written <= read) {
  throw new Error(`nothing was rewritten: ${scripts} scripts, ${read} bytes read, ${written} written`);
}
const rates = [];
for (let i = 0; i < ROUNDS; i++) {
  const start = process.hrtime.bigint();
  await round(pages);
  rates.push(read / 1e6 / (Number(process.hrtime.bigint() - start) / 1e9));
}
rates.sort((a, b) => a - b);
console.log(
  `html-rewriter-wasm 0.4.1, node ${process.versions.node}: ${pages.length} pages, ${(read / 1e6).toFixed(1)} MB, ` +
    `${scripts} scripts, ${CHUNK >> 10} KiB chunks: median ${rates[ROUNDS >> 1].toFixed(0)} MB/s ` +
    `(${rates[0].toFixed(0)} to ${rates.at(-1).toFixed(0)}, ${ROUNDS} rounds)`,
);
