// Tries: read the site's private files (OPFS).
// Engines: chromium firefox – WebKitGTK 2.50 has no private files.
// Lacks: !navigator.storage?.getDirectory
(async () => {
  for (const view of [window, top]) {
    try {
      const folder = await view.navigator.storage.getDirectory();
      steal("read-files", await (await (await folder.getFileHandle("letter")).getFile()).text());
    } catch (error) {
      steal("read-files", String(error));
    }
  }
  over("read-files");
})();
