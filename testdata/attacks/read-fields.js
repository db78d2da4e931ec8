// Tries: read what stands in the fields of forms, the password among them.
for (const view of [window, top]) {
  attempt(() =>
    setInterval(() => attempt(() => {
      for (const field of view.document.querySelectorAll("input, textarea")) steal("read-fields", field.value);
    }), 50),
  );
}
over("read-fields");
