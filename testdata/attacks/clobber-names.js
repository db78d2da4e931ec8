// Tries: put names into the page that its scripts take for their own variables.
(() => {
  for (const view of [window, top]) {
    attempt(() => (view.settings = { api: CDN }));
    attempt(() => (view.name = "settings"));
    attempt(() => {
      const form = view.document.createElement("form");
      form.id = "settings";
      view.document.documentElement.append(form);
    });
  }
  attempt(() => (window.name = "settings"));
  over("clobber-names");
})();
