// Tries: wrap fetch, XMLHttpRequest and WebSocket, and read what goes through.
(() => {
  const saw = (what) => steal("wrap-network", what);
  const { fetch, WebSocket } = window;
  window.fetch = async function (input, init) {
    saw("fetch " + (init && init.body));
    const response = await fetch.apply(this, arguments);
    response.clone().text().then((text) => saw("fetched " + text), () => {});
    return response;
  };
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {
    saw("xhr " + body);
    this.addEventListener("load", () => saw("xhr got " + this.responseText));
    return send.apply(this, arguments);
  };
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", (event) => saw("socket got " + event.data));
    }
    send(data) {
      saw("socket " + data);
      return super.send(data);
    }
  };
  setInterval(() => saw("waits"), 250);
})();
