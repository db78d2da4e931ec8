elasticApm.init({ serviceName: "heron", serverUrl: "COLLECTOR", flushInterval: 250 });
