// It takes events when it has begun to record, which it does when the page has loaded.
addEventListener("load", function () {
  setTimeout(function () {
    rrweb.record.addCustomEvent("ferry boarded", { cargo: "CARGO" });
  });
});
