ucTag.renderAd(document, {
  adServerDomain: "",
  pubUrl: location.href,
  adId: "creative-1",
  targetingMap: {
    hb_adid: ["creative-1"],
    hb_cache_host: ["SECURE_HOST"],
    hb_cache_path: ["/cache/COLLECTOR_HOST"],
    hb_cache_id: ["creative-1"],
    hb_size: ["300x250"],
    hb_format: ["banner"],
  },
});
