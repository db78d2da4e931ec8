// Tries: reach the page's globals through every window there is: parent, top, opener, frames, frameElement.
afterLoad(() => {
  const seen = new Set();
  const look = (view, way) => {
    if (!view || seen.has(view) || seen.size > 40) return;
    seen.add(view);
    steal("read-through-windows", `${way}: ${attempt(() => JSON.stringify(view.theirs) + view.document.getElementById("secret").textContent)}`);
    for (const name of ["parent", "top", "opener"]) look(attempt(() => view[name]), `${way}.${name}`);
    attempt(() => look(view.frameElement.ownerDocument.defaultView, `${way}.frameElement`));
    for (let i = 0; i < attempt(() => view.length); i++) look(view[i], `${way}[${i}]`);
  };
  look(window, "window");
  over("read-through-windows");
});
