Countly.q.push(["add_event", { key: "ferry boarded", segmentation: { cargo: "CARGO" } }]);
