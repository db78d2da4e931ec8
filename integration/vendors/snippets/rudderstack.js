var rudder = (window.rudder = new rudderanalytics.RudderAnalytics());
rudder.load("heron", "COLLECTOR", { configUrl: "COLLECTOR", integrations: { All: false } });
rudder.page();
