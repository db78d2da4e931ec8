// Tries: give scripts to another compartment as if it were the guard.
afterLoad(() => {
  const code = `fetch("${CDN}/reached/forge-hello/another"); try { steal("forge-hello", "ran beside " + visitor) } catch {}`;
  const script = { src: null, text: code, type: "", async: false, deferred: false, attributes: [] };
  const page = { url: "", title: "false", referrer: "", width: 1, height: 1, scrollX: 0, scrollY: 0, documentWidth: 1, documentHeight: 1 };
  const give = (view) => {
    const { port1, port2 } = new MessageChannel();
    view.postMessage({ chatproxy: "hello", page, visible: true, maxWidth: 9999, maxHeight: 9999, storage: ["*"], kept: [] }, "*", [port2]);
    port1.postMessage({ type: "run", script });
    port1.postMessage({ type: "stage", stage: "complete" });
    view.postMessage({ type: "run", script }, "*");
  };
  for (let i = 0; i < top.length; i++) if (top[i] !== self) attempt(() => give(top[i]));
  attempt(() => top.setTimeout(code));
  over("forge-hello");
});
