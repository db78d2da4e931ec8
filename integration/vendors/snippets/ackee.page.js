ackee.action("513a082c-2cd5-4939-b417-72da2fe1761d", { key: "CARGO", value: 1 });
