var appInsights = new Microsoft.ApplicationInsights.ApplicationInsights({
  config: {
    connectionString: "InstrumentationKey=5a2a2e43-0000-4000-8000-000000000000;IngestionEndpoint=COLLECTOR/",
    maxBatchInterval: 250,
    extensionConfig: { AppInsightsCfgSyncPlugin: { cfgUrl: "" } },
  },
});
appInsights.loadAppInsights();
appInsights.trackPageView();
