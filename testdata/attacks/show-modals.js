// Tries: hold the reader with modal windows of the browser.
afterLoad(async () => {
  await over("show-modals");
  setTimeout(() => {
    for (const show of [() => alert("Your computer has a virus"), () => prompt("Password?")]) {
      const before = performance.now();
      attempt(show);
      if (performance.now() - before > 20) steal("show-modals", "a modal window stood");
    }
    steal("show-modals", "has tried");
  }, 100);
});
