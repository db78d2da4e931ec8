// Tries: take the nonce from the page's script elements and use it.
for (const view of [window, top]) {
  attempt(() => {
    for (const element of view.document.querySelectorAll("[nonce]")) {
      steal("nonce-by-dom", `nonce ${element.nonce} ${element.getAttribute("nonce")}`);
      const script = view.document.createElement("script");
      script.nonce = element.nonce;
      script.textContent = "window.ranWithNonce = true";
      view.document.head.append(script);
    }
  });
  steal("nonce-by-dom", attempt(() => view.document.documentElement.outerHTML.match(/nonce=.{0,30}/g)));
}
over("nonce-by-dom");
