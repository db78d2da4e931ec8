// Tries: keep the page from working by calculating without end.
afterLoad(async () => {
  await over("hog-processor");
  for (let round = 0; round < 3; round++) {
    for (const end = performance.now() + 900; performance.now() < end; );
    await new Promise((done) => setTimeout(done, 10));
  }
});
