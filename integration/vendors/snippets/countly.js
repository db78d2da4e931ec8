var Countly = (window.Countly = window.Countly || {});
Countly.q = Countly.q || [];
Countly.app_key = "heron";
Countly.url = "COLLECTOR";
Countly.interval = 250;
Countly.q.push(["track_sessions"]);
Countly.q.push(["track_pageview"]);
Countly.q.push(["track_clicks"]);
