// Tries: send the page's own frame to a false log-in.
afterLoad(() => {
  const url = `${CDN}/attacks/false-frame.html`;
  attempt(() => window.open(url, "account"));
  attempt(() => (top.account.location = url));
  for (let i = 0; i < top.length; i++) if (top[i] !== self) attempt(() => (top[i].location = url));
  const link = document.createElement("a");
  Object.assign(link, { href: url, target: "account" });
  document.documentElement.append(link);
  link.click();
  over("hijack-frame");
});
