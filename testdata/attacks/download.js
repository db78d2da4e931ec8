// Tries: have the browser save a file that nobody asked for.
afterLoad(() => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["a program"], { type: "application/octet-stream" }));
  link.download = "update-of-your-browser.bin";
  document.documentElement.append(link);
  link.click();
  over("download");
});
