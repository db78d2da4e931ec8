// Tries: take a lock from the page, so that two tabs write at once.
(async () => {
  const take = () => attempt(() => navigator.locks.request("draft", { steal: true }, () => new Promise(() => {})).catch(() => {}));
  setInterval(take, 100);
  take();
  over("steal-lock");
})();
