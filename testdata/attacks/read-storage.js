// Tries: read localStorage and sessionStorage, with the live BOSH session in it.
for (const view of [window, parent, top]) {
  for (const name of ["localStorage", "sessionStorage"]) steal("read-storage", attempt(() => JSON.stringify({ ...view[name] })));
}
over("read-storage");
