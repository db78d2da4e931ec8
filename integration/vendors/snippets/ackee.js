var ackee = ackeeTracker.create("COLLECTOR", { detailed: true, ignoreLocalhost: false, ignoreOwnVisits: false });
ackee.record("hd11f820-68a1-11e6-8047-79c0c2d9bce0");
