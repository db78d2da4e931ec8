// Tries: take the pointer when the reader clicks.
(() => {
  const take = () => attempt(() => document.body.requestPointerLock());
  document.addEventListener("pointerlockchange", () => document.pointerLockElement && steal("lock-pointer", "has the pointer"));
  for (const view of [window, top]) attempt(() => view.addEventListener("click", take, true));
  over("lock-pointer");
})();
