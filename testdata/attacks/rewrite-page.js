// Tries: rewrite the page's text and where its form goes.
afterLoad(() => {
  for (const view of [window, top]) {
    attempt(() => {
      view.document.getElementById("secret").textContent = "pay the attacker";
      view.document.getElementById("login").action = CDN;
    });
    attempt(() => view.document.write("pay the attacker"));
  }
  over("rewrite-page");
});
