// Tries: take the focus, so that what the reader types goes to the attacker.
afterLoad(() => {
  const field = document.createElement("input");
  document.documentElement.append(field);
  field.addEventListener("input", () => steal("steal-focus", `typed ${field.value}`));
  addEventListener("keydown", (event) => steal("steal-focus", `key ${event.key}`), true);
  const take = () => {
    attempt(() => window.focus());
    field.focus({ preventScroll: true });
  };
  setInterval(take, 5);
  take();
  over("steal-focus");
});
