// Is what map-imports.js puts in the place of a module of the page's.
export default () => steal("map-imports", `runs at ${location.href} with ${document.getElementById("secret")?.textContent}`);
