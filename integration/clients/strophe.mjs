// strophe.js, over BOSH or WebSocket by the URL's scheme. It has no XEP-0198 of
// its own, so a WebSocket that is cut is the end; over BOSH it repeats requests.
import { domain, password, resource, say, serve, url, user } from "./lines.mjs";
import { XMLHttpRequest } from "./xhr.mjs";

globalThis.XMLHttpRequest = XMLHttpRequest;
const { $msg, $pres, Strophe } = await import("strophe.js");

const connection = new Strophe.Connection(url);
let leaving = false;

connection.connect(`${user}@${domain}/${resource}`, password, (status, why) => {
  switch (status) {
    case Strophe.Status.CONNECTED:
      connection.addHandler(
        (message) => {
          const body = message.getElementsByTagName("body")[0];
          if (body) say({ body: body.textContent });
          return true;
        },
        null,
        "message",
      );
      connection.send($pres());
      say({ online: connection.jid });
      break;
    case Strophe.Status.AUTHFAIL:
    case Strophe.Status.CONNFAIL:
    case Strophe.Status.ERROR:
    case Strophe.Status.DISCONNECTED:
      if (!leaving) say({ error: `status ${status} ${why ?? ""}` });
  }
});

serve({
  send: (to, text) => connection.send($msg({ to, type: "chat" }).c("body").t(text)),
  // Strophe gathers for 100 ms what it sends over BOSH.
  sent: () => connection.flush(),
  stop: () =>
    new Promise((done) => {
      leaving = true;
      connection.connect_callback = (status) => status === Strophe.Status.DISCONNECTED && done();
      connection.flush();
      connection.disconnect();
    }),
});
