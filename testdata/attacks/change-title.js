// Tries: change the page's title, so that the tab looks like another site.
afterLoad(() => {
  for (const view of [window, parent, top]) attempt(() => (view.document.title = "Your bank"));
  over("change-title");
});
