// Tries: leave an id that the policy does not list, and find it on the next visit.
(() => {
  const names = ["unlisted", "__proto__", "constructor", "x".repeat(300)];
  for (const name of names) {
    if (attempt(() => localStorage.getItem(name)) === "seen before") steal("keep-unlisted", "it was seen before");
    if (attempt(() => sessionStorage.getItem(name)) === "seen before") steal("keep-unlisted", "it was seen before");
  }
  if (document.cookie.includes("unlisted=")) steal("keep-unlisted", "it was seen before");
  for (const name of names) {
    attempt(() => localStorage.setItem(name, "seen before"));
    attempt(() => sessionStorage.setItem(name, "seen before"));
  }
  attempt(() => (document.cookie = "unlisted=1; path=/; max-age=3600"));
  attempt(() => (document.cookie = "__proto__=1; path=/; max-age=3600"));
  over("keep-unlisted");
})();
