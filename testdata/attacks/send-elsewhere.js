// Tries: send what it has to a host that the policy does not list, by scripts' own requests.
(async () => {
  const to = (way) => `${CDN}/reached/send-elsewhere/${way}?${document.title.length}`;
  await Promise.allSettled([
    attempt(() => fetch(to("fetch"), { mode: "no-cors" })),
    attempt(() => fetch(to("keepalive"), { mode: "no-cors", keepalive: true })),
    new Promise((done) => {
      const request = new XMLHttpRequest();
      request.onloadend = done;
      request.open("POST", to("xhr"));
      request.send("x");
    }),
    new Promise((done) => (new EventSource(to("eventsource")).onerror = done)),
    new Promise((done) => (new WebSocket(to("websocket").replace("http", "ws")).onerror = done)),
    import(to("import")).catch(() => {}),
  ]);
  attempt(() => navigator.sendBeacon(to("beacon"), "x"));
  over("send-elsewhere");
})();
