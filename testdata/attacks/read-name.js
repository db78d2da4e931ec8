// Tries: read the window's name, in which pages hand over data.
for (const view of [window, parent, top]) steal("read-name", attempt(() => view.name));
over("read-name");
