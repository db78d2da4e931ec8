// Tries: make the site's server do something in the reader's name by going there with the frame itself.
afterLoad(async () => {
  await over("forge-by-leaving");
  location.href = "/transfer?way=leaving";
});
