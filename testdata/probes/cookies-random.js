// Rounds of random cookie strings against the real jar.
//// src
const paths = ["/", "/shop", "/shop/", "/shop/probe", "/other", "/sho", "/shop/probe/cookies-random"];
const domains = ["", "; domain=www.shop.localhost", "; domain=shop.localhost"];
function clear() {
  for (let i = 0; i < 3 && document.cookie; i++) {
    for (const pair of document.cookie.split("; ")) {
      const name = pair.includes("=") ? pair.slice(0, pair.indexOf("=")) : "";
      for (const path of paths) for (const domain of domains) for (const secure of ["", "; Secure", "; Secure; Partitioned"]) {
        document.cookie = name + "=x; max-age=0; path=" + path + domain + secure;
      }
    }
  }
}
// The order is another probe's: Chromium puts a cookie that is overwritten last.
const sorted = () => document.cookie.split("; ").sort().join("; ");
// Firefox knows no cookies without a name, and lets tabs be.
const odd = (text) => !/^[ \t]*[^=;\s][^=;]*=/.test(text) || /\S[ \t]*\t[ \t]*\S/.test(text.split(";")[0].replace(/[ \t]*=[ \t]*/, "="));
clear();
rounds.forEach((round, i) => {
  if (/Firefox/.test(navigator.userAgent)) round = round.filter((text) => !odd(text));
  round.forEach((text, j) => {
    document.cookie = text;
    note(`round ${i}.${j} ${JSON.stringify(round.slice(0, j + 1))}`, sorted());
  });
  clear();
  note("after round " + i, document.cookie);
});
finish();
