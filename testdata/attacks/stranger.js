// Is what the patch-… attacks bring in: no rule allows it in the page. It reads the page, and leaves for a document of its own.
(() => {
  const { src } = document.currentScript;
  const by = src.slice(src.lastIndexOf("by=") + 3);
  steal(by, `a stranger reads ${attempt(() => top.document.getElementById("secret").textContent)}`);
  steal(by, "a stranger runs").then(() => {
    if (by === "patch-elements") location = `${CDN}/attacks/false-stranger.html`;
  });
})();
