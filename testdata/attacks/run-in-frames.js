// Tries: run code in other frames, by javascript: URLs and by markup.
afterLoad(() => {
  const code = `steal("run-in-frames", "ran with " + document.body.textContent)`;
  const reached = (view) => {
    attempt(() => (view.steal = steal));
    attempt(() => (view.location = `javascript:void ${code}`));
    attempt(() => view.document.body.append(Object.assign(view.document.createElement("script"), { textContent: code })));
    attempt(() => view.setTimeout(code));
  };
  for (let i = 0; i < top.length; i++) if (top[i] !== self) reached(top[i]);
  reached(top);
  attempt(() => window.open(`javascript:void ${code}`, "account"));
  over("run-in-frames");
});
