visitor.send("CARGO");
