appInsights.trackEvent({ name: "ferry boarded" }, { cargo: "CARGO" });
