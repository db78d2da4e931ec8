// Tries: ask the site's other documents over a BroadcastChannel.
(async () => {
  for (const view of [window, top]) {
    attempt(() => {
      const channel = new view.BroadcastChannel("news");
      channel.onmessage = (event) => steal("ask-channel", event.data);
      channel.postMessage("what is the news?");
      setInterval(() => channel.postMessage("what is the news?"), 100);
    });
  }
  over("ask-channel");
})();
