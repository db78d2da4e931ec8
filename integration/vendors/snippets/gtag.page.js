gtag("event", "ferry_boarded", { cargo: "CARGO" });
