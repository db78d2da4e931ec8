// Tries: make the site's server do something in the reader's name (CSRF), by every kind of request.
(async () => {
  const url = new URL("/transfer", location.href).href;
  const done = [
    fetch(url, { method: "POST", credentials: "include", mode: "no-cors", body: new URLSearchParams({ way: "fetch" }) }),
    fetch(`${url}?way=keepalive`, { credentials: "include", mode: "no-cors", keepalive: true }),
    attempt(() => navigator.sendBeacon(url, new URLSearchParams({ way: "beacon" }))),
    new Promise((end) => Object.assign(new Image(), { onload: end, onerror: end, src: `${url}?way=image` })),
    new Promise((end) => {
      const frame = document.createElement("iframe");
      frame.name = "hidden-form";
      document.documentElement.append(frame);
      const form = document.createElement("form");
      Object.assign(form, { action: url, method: "post", target: "hidden-form" });
      form.innerHTML = `<input name="way" value="form">`;
      document.documentElement.append(form);
      frame.onload = end;
      form.submit();
      setTimeout(end, 500);
    }),
  ];
  await Promise.allSettled(done);
  over("forge-requests");
})();
