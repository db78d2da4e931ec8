pbjs.setConfig({ cargo: "CARGO" });
