// Tries: patch ports and windows, and so get hold of what a guard in the page says to the frames of isolated scripts.
patched("patch-ports", () => {
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message) {
    if (message && message.type === "run") steal("patch-ports", "holds the guard's port");
    return postMessage.apply(this, arguments);
  };
  const Channel = MessageChannel;
  window.MessageChannel = class extends Channel {
    constructor() {
      super();
      steal("patch-ports", "made the guard's channel");
    }
  };
  const content = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "contentWindow");
  Object.defineProperty(HTMLIFrameElement.prototype, "contentWindow", {
    ...content,
    get() {
      if (this.id !== "own") steal("patch-ports", "sees the guard's frame");
      return content.get.call(this);
    },
  });
});
