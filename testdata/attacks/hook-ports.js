// Tries: patch MessagePort.prototype.postMessage and see what goes over the page's ports.
(() => {
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message) {
    steal("hook-ports", typeof message === "string" ? message : JSON.stringify(message));
    return postMessage.apply(this, arguments);
  };
  over("hook-ports");
})();
