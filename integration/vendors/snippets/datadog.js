// It keeps what it has until the visitor leaves. The test must know when that may be.
DD_RUM.init({
  applicationId: "5a2a2e43-0000-4000-8000-000000000000",
  clientToken: "pub0",
  service: "heron",
  sessionSampleRate: 100,
  sessionReplaySampleRate: 0,
  trackUserInteractions: true,
  proxy: "COLLECTOR/datadog",
  beforeSend: function (event) {
    if (event.type === "action") navigator.sendBeacon("COLLECTOR/watch", JSON.stringify({ kind: "may leave", text: "" }));
  },
});
