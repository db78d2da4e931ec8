// Tries: read the site's cookies through cookieStore.
(async () => {
  for (const view of [window, top]) {
    try {
      steal("read-cookiestore", JSON.stringify(await view.cookieStore.getAll()));
    } catch (error) {
      steal("read-cookiestore", String(error));
    }
  }
  over("read-cookiestore");
})();
