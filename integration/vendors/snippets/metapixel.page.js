fbq("trackCustom", "FerryBoarded", { cargo: "CARGO" });
