// @xmpp/client, over WebSocket: it has no BOSH. It reconnects after a second and
// resumes its session with XEP-0198.
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // Node has had its own since version 22
const { client, xml } = await import("@xmpp/client");
const { domain, password, resource, say, serve, url, user } = await import("./lines.mjs");

const xmpp = client({ service: url, domain, username: user, password, resource, timeout: 20_000 });
const sm = xmpp.streamManagement;
sm.requestAckDebounce = 50;
const waiting = []; // what was to be sent while there was no session

function flush() {
  while (xmpp.status === "online" && waiting.length > 0) {
    const [to, text] = waiting.shift();
    xmpp.send(xml("message", { to, type: "chat" }, xml("body", {}, text))).catch((e) => say({ event: "unsent", text: String(e) }));
  }
}

let sessions = 0;
xmpp.on("online", async (jid) => {
  if (++sessions > 1) return say({ error: "the session could not be resumed" });
  // The library counts what comes in one piece with <enabled/>, and then begins to
  // count: it would ask for a stanza again. So nothing is asked for before.
  while (!sm.enabled) await new Promise((later) => setTimeout(later, 5));
  await xmpp.send(xml("presence"));
  say({ online: jid.toString() });
  flush();
});
sm.on("resumed", () => {
  say({ event: "resumed" });
  // The library sets its status after it has told so.
  setImmediate(flush);
});
sm.on("fail", (stanza) => say({ event: "failed", text: String(stanza) }));
xmpp.on("stanza", (stanza) => {
  const body = stanza.is("message") && stanza.getChildText("body");
  if (body) say({ body });
});
xmpp.on("error", (e) => say({ event: "trouble", text: String(e) }));

xmpp.start().catch((e) => say({ error: String(e) }));

serve({
  send(to, text) {
    waiting.push([to, text]);
    flush();
  },
  stop: () => xmpp.stop(),
});
