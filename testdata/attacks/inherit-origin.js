// Tries: get the page's origin by documents that inherit one: about:blank, srcdoc, blob:, data:, javascript:.
afterLoad(async () => {
  const code = `parent.steal ? parent.steal("inherit-origin", self.origin + " " + (() => { try { return localStorage.draft + top.document.body.textContent } catch (e) { return e } })()) : 0`;
  const html = `<script>${code}<\/script>`;
  const frames = [
    { srcdoc: html },
    { src: URL.createObjectURL(new Blob([html], { type: "text/html" })) },
    { src: `data:text/html,${encodeURIComponent(html)}` },
    { src: `javascript:${code}` },
    { src: "about:blank" },
  ];
  for (const properties of frames) {
    const frame = document.createElement("iframe");
    const loaded = new Promise((done) => { frame.onload = done; setTimeout(done, 400) });
    Object.assign(frame, properties);
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-top-navigation allow-modals");
    document.body.append(frame);
    await loaded;
    steal("inherit-origin", attempt(() => frame.contentWindow.localStorage.draft));
    attempt(() => frame.contentWindow.eval(code));
  }
  over("inherit-origin");
});
