rudder.track("ferry boarded", { cargo: "CARGO" });
