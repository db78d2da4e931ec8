// Tries: reload its frame as another vendor's compartment, to get what that one is given.
afterLoad(async () => {
  await over("become-another");
  addEventListener("pagehide", () => steal("become-another", "leaves"));
  const url = new URL(location.href);
  url.search = `${url.search}&chatproxy-compartment=good-vendor`;
  location.replace(url.href);
});
