// Tries: hold the reader with modal windows of the browser.
afterLoad(() => {
  for (const show of [() => alert("Your computer has a virus"), () => confirm("?"), () => prompt("Password?")]) {
    const before = performance.now();
    attempt(show);
    if (performance.now() - before > 30) steal("show-modals", "a modal window stood");
  }
  over("show-modals");
});
