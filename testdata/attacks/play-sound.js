// Tries: play sound once the reader has clicked anywhere in the page.
(() => {
  const play = async () => {
    const context = new AudioContext();
    attempt(() => context.resume().catch(() => {}));
    await new Promise((done) => setTimeout(done, 300));
    if (context.state === "running") steal("play-sound", "sound plays");
  };
  setInterval(() => attempt(play), 400);
  over("play-sound");
})();
