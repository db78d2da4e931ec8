// Tries: read every message out of the page's DOM.
(() => {
  const look = () => {
    const text = [...document.querySelectorAll("converse-chat-message-body, .chat-msg__text")].map((e) => e.textContent).join("\n");
    steal("read-dom", text + "\n" + (document.body ? document.body.innerText : ""));
  };
  setInterval(look, 250);
})();
