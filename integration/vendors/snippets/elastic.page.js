elasticApm.captureError("the ferry lost its cargo: CARGO");
