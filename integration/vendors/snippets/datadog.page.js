DD_RUM.addAction("ferry boarded", { cargo: "CARGO" });
