// Tries: play sound once the reader has clicked anywhere in the page.
(() => {
  // Half a second of a square wave: 8 bits at 8 kHz.
  const samples = new Uint8Array(44 + 4000).fill(128);
  samples.set([82, 73, 70, 70, 196, 15, 0, 0, 87, 65, 86, 69, 102, 109, 116, 32, 16, 0, 0, 0, 1, 0, 1, 0, 64, 31, 0, 0, 64, 31, 0, 0, 1, 0, 8, 0, 100, 97, 116, 97, 160, 15, 0, 0]);
  for (let i = 0; i < 4000; i++) samples[44 + i] = i % 20 < 10 ? 90 : 166;
  const url = URL.createObjectURL(new Blob([samples], { type: "audio/wav" }));
  const sound = new Audio(url);
  const play = () => {
    const played = () => (clearInterval(clock), steal("play-sound", "sound plays"));
    attempt(() => sound.play().then(played, () => {}));
  };
  const clock = setInterval(play, 250);
  over("play-sound");
})();
