// stanza, over BOSH or WebSocket by the URL's scheme. Over BOSH it repeats
// requests; over WebSocket it reconnects and resumes its session with XEP-0198.
import { createRequire } from "node:module";
import { domain, password, resource, say, serve, url, user } from "./lines.mjs";

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
client.on("stream:management:resumed", () => {
  online = true;
  say({ event: "resumed" });
  flush();
});
client.on("disconnected", () => {
  online = false;
  if (overBOSH && !leaving) say({ error: "disconnected" });
});
client.on("auth:failed", () => say({ error: "authentication failed" }));
client.on("bosh:terminate", (e) => !leaving && say({ error: "terminated: " + JSON.stringify(e) }));
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
