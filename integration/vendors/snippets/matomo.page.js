_paq.push(["trackEvent", "ferry", "boarded", "CARGO"]);
