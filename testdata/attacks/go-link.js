// Tries: send the page to a false log-in by links and forms with the target _top.
afterLoad(() => {
  const url = `${CDN}/attacks/false-frame.html?link`;
  for (const target of ["_top", "_parent"]) {
    const link = document.createElement("a");
    Object.assign(link, { href: url, target });
    document.documentElement.append(link);
    link.click();
    const form = document.createElement("form");
    Object.assign(form, { action: url, target });
    document.documentElement.append(form);
    attempt(() => form.submit());
  }
  over("go-link");
});
