// Tries: cover the page with a false log-in.
afterLoad(() => {
  const cover = document.createElement("div");
  cover.textContent = "Please log in again";
  cover.style.cssText = "position:fixed;inset:0;width:100vw;height:100vh;min-height:5000px;min-width:5000px;z-index:2147483647;background:white";
  document.body.append(cover);
  document.documentElement.style.cssText = document.body.style.cssText = "width:5000px;height:5000px";
  attempt(() => top.document.body.append(cover.cloneNode(true)));
  setTimeout(() => over("cover-page"), 200);
});
