// Tries: open an XMPP session of its own over the site's WebSocket.
(async () => {
  const answer = new Promise((done) => {
    const url = new URL("/xmpp-websocket", location.href);
    url.protocol = "ws:";
    const socket = new WebSocket(url, "xmpp");
    socket.onopen = () => socket.send(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="chat.test" version="1.0"/>`);
    socket.onmessage = (event) => done(`the server says ${event.data}`);
    socket.onerror = () => done("refused");
  });
  steal("open-websocket", await answer.catch(String));
  over("open-websocket");
})();
