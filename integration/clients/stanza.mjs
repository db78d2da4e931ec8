// stanza, over BOSH or WebSocket by the URL's scheme. Over BOSH it repeats
// requests; over WebSocket it reconnects and resumes its session with XEP-0198.
import { createRequire } from "node:module";
import { inOrder } from "./order.mjs";
import { domain, password, resource, say, serve, url, user } from "./lines.mjs";

// stanza takes what is there when it is loaded.
const plainFetch = globalThis.fetch;
globalThis.fetch = async (...args) => {
  const answer = await plainFetch(...args);
  const text = await answer.text();
  await new Promise((turn) => inOrder(answer.headers.get("relay-order"), turn));
  return { ok: answer.ok, status: answer.status, text: async () => text };
};
const { createClient } = createRequire(import.meta.url)("stanza");
const overBOSH = url.startsWith("http");

const client = createClient({
  jid: `${user}@${domain}`,
  password,
  server: domain,
  resource,
  transports: overBOSH ? { bosh: url, websocket: false } : { websocket: url, bosh: false },
  autoReconnect: !overBOSH,
  maxReconnectBackoff: 1,
  useStreamManagement: !overBOSH,
});

// ejabberd offers SCRAM with channel binding to who comes over TLS, and that is
// chatproxy. Every client without it must pass that offer by; stanza takes it and
// fails.
for (const mechanism of ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"]) client.sasl.disable(mechanism);

let leaving = false;
let online = false;
const waiting = [];

function flush() {
  while (online && waiting.length > 0) {
    const [to, body] = waiting.shift();
    client.sendMessage({ to, type: "chat", body });
  }
}

let sessions = 0;
client.on("session:started", () => {
  if (++sessions > 1) return say({ error: "the session could not be resumed" });
  online = true;
  client.sendPresence();
  say({ online: client.jid });
  flush();
});
// What stanza sends again after a resumption it does not count as unacknowledged,
// and takes the acknowledgement for that of younger messages. So these wait until
// the old ones are acknowledged.
let again = 0;
let settled = Infinity;
client.sm.on("resend", () => again++);
function settle() {
  if (client.sm.lastAck < settled) return;
  settled = Infinity;
  online = true;
  flush();
}
client.on("stream:management:resumed", () => {
  settled = client.sm.lastAck + again;
  again = 0;
  say({ event: "resumed" });
  settle();
});
client.on("stream:management:ack", settle);
client.on("disconnected", () => {
  online = false;
  if (overBOSH && !leaving) say({ error: "disconnected" });
});
client.on("auth:failed", () => say({ error: "authentication failed" }));
client.on("bosh:terminate", (e) => !leaving && say({ error: "terminated: " + JSON.stringify(e) }));
// Without it stanza never learns of the end of a WebSocket that it was writing to.
if (!overBOSH) client.enableKeepAlive({ interval: 2, timeout: 5 });
client.on("message", (message) => message.body && say({ body: message.body }));
client.connect();

serve({
  send(to, text) {
    waiting.push([to, text]);
    flush();
  },
  async stop() {
    leaving = true;
    const gone = new Promise((done) => client.once("disconnected", done));
    client.disconnect();
    await gone;
  },
});
