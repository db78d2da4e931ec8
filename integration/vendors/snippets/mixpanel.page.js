mixpanel.track("ferry boarded", { cargo: "CARGO" });
