// Tries: run a script in the page by sending it to a javascript: URL.
afterLoad(() => {
  const url = "javascript:void(document.title='taken')";
  for (const go of [() => (top.location = url), () => window.open(url, "_top"), () => top.navigation.navigate(url)]) attempt(go);
  const link = document.createElement("a");
  Object.assign(link, { href: url, target: "_top" });
  document.documentElement.append(link);
  attempt(() => link.click());
  over("go-script");
});
