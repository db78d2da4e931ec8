// Tries: cover the page from the browser's top layer, with a modal dialog and a popover.
afterLoad(async () => {
  await over("top-layer"); // a frame that takes the focus may be gone at once
  const dialog = document.createElement("dialog");
  dialog.textContent = "Please log in again";
  dialog.style.cssText = "position:fixed;inset:0;width:100vw;height:100vh;max-width:none;max-height:none;margin:0;background:white";
  document.body.append(dialog);
  attempt(() => dialog.showModal());
  const pop = document.createElement("div");
  pop.popover = "manual";
  pop.style.cssText = dialog.style.cssText;
  document.body.append(pop);
  attempt(() => pop.showPopover());
});
