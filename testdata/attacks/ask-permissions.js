// Tries: ask the reader for devices, in the site's name.
(async () => {
  for (const name of ["geolocation", "camera", "microphone", "notifications"]) {
    try {
      const { state } = await navigator.permissions.query({ name });
      if (state !== "denied") steal("ask-permissions", `may ask for ${name}`);
    } catch {}
  }
  for (const feature of ["geolocation", "camera", "microphone", "fullscreen"]) {
    if (attempt(() => document.featurePolicy.allowsFeature(feature)) === true) steal("ask-permissions", `has the feature ${feature}`);
  }
  const where = await new Promise((done) => {
    attempt(() => navigator.geolocation.getCurrentPosition(done, (error) => done(error.code === 1 ? "refused" : "asked"), { timeout: 200 }));
    setTimeout(done, 400, "asked");
  });
  if (where !== "refused") steal("ask-permissions", "asks where the reader is");
  over("ask-permissions");
})();
