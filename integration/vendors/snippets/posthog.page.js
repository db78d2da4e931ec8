posthog.capture("ferry boarded", { cargo: "CARGO" });
