// Converse 14 in a page of its own, over BOSH or WebSocket: the page at
// /driver.html loads it after converse.min.js. What happens is posted to /happened, as lines.mjs
// has it; commands come as calls of driver.send and driver.stop.
import { inOrder } from "./order.mjs";

const { bosh, websocket, domain, user, password, resource, tail } = JSON.parse(document.getElementById("login").textContent);

// One post at a time, so that their order is kept. Each has a number, since one
// whose answer is lost is posted again.
const unsaid = [];
let posts = 0;
let saying = false;
async function say(what) {
  if (what) unsaid.push(what);
  if (saying || unsaid.length === 0) return;
  saying = true;
  const body = JSON.stringify({ number: ++posts, happenings: unsaid.splice(0) });
  while (!(await fetch("/happened" + location.search, { method: "POST", body }).then((answer) => answer.ok, () => false))) {
    await new Promise((later) => setTimeout(later, 100));
  }
  saying = false;
  say();
}

const driver = (window.driver = {
  async send(to, first, last) {
    for (let n = first; n <= last; n++) driver.waiting.push([to, `c ${n} ${tail}`]);
    driver.flush();
  },
  waiting: [],
  flush() {},
  stop() {},
});

// Strophe takes answers as they are read. See order.mjs.
window.XMLHttpRequest = class extends XMLHttpRequest {
  set onreadystatechange(told) {
    super.onreadystatechange = () => {
      if (this.readyState !== 4 || this.status !== 200) return told.call(this);
      inOrder(this.getResponseHeader("Relay-Order"), () => told.call(this));
    };
  }
};

converse.plugins.add("driver", {
  initialize() {
    const { api } = this._converse;
    let online = false;
    let sending = false;
    driver.flush = async () => {
      if (sending) return;
      sending = true;
      while (online && driver.waiting.length > 0) {
        const [to, body] = driver.waiting.shift();
        const chat = await api.chats.open(to.split("/")[0], { hidden: true }, true);
        await chat.sendMessage({ body });
      }
      api.connection.get().flush(); // Strophe gathers for 100 ms what it sends over BOSH
      sending = false;
    };
    driver.stop = () => api.user.logout();
    // As they come: Converse's own event is late for the first of a conversation.
    const listen = () =>
      api.connection.get().addHandler(
        (stanza) => {
          const body = stanza.querySelector("message > body");
          if (body && stanza.getAttribute("type") === "chat") say({ body: body.textContent });
          return true;
        },
        null,
        "message",
      );
    api.listen.on("connected", () => {
      listen();
      online = true;
      say({ online: this._converse.session.get("jid") });
      driver.flush();
    });
    api.listen.on("will-reconnect", () => {
      online = false;
      say({ event: "reconnecting" });
    });
    api.listen.on("reconnected", () => {
      listen();
      online = true;
      say({ event: "reconnected" });
      driver.flush();
    });
  },
});

converse.initialize({
  assets_path: "/converse/",
  authentication: "login",
  auto_login: true,
  auto_reconnect: true,
  bosh_service_url: bosh,
  websocket_url: websocket,
  discover_connection_methods: false,
  jid: `${user}@${domain}/${resource}`,
  password,
  clear_messages_on_reconnection: false,
  allow_non_roster_messaging: true,
  send_chat_markers: [],
  message_carbons: false,
  message_archiving: "never",
  mam_request_all_pages: false,
  archived_messages_page_size: 0,
  omemo_default: false,
  view_mode: "overlayed",
  // What draws: a thousand messages in view take Converse minutes. That two people
  // see each other's messages is what the tests with Converse's own page show.
  blacklisted_plugins: [
    "adhoc-views", "bookmark-views", "chatboxviews", "chatview", "controlbox", "disco-views", "dragresize", "fullscreen",
    "headlines-view", "mam", "mam-views", "minimize", "modal", "muc-views", "notification", "omemo", "omemo-views", "profile",
    "push", "reaction-views", "register", "roomslist", "rootview", "rosterview", "singleton",
  ].map((name) => `converse-${name}`),
  whitelisted_plugins: ["driver"],
  loglevel: "warn",
});
