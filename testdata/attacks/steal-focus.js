// Tries: take the focus, so that what the reader types goes to the attacker.
afterLoad(async () => {
  const field = document.createElement("input");
  document.documentElement.append(field);
  field.addEventListener("input", () => steal("steal-focus", `typed ${field.value}`));
  addEventListener("keydown", (event) => steal("steal-focus", `key ${event.key}`), true);
  await over("steal-focus");
  const take = () => {
    attempt(() => window.focus());
    field.focus({ preventScroll: true });
  };
  setInterval(take, 5);
  take();
});
