plausible("ferry boarded", { props: { cargo: "CARGO" } });
