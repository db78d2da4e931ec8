// Tries: fill the operator's log with false reports.
(async () => {
  const url = new URL("/.chatproxy/report", location.href).href;
  const body = JSON.stringify({ "csp-report": { "document-uri": location.href, "blocked-uri": "https://forged.example/", "effective-directive": "script-src", "violated-directive": "script-src" } });
  await Promise.allSettled([
    fetch(url, { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" }, body }),
    fetch(url, { method: "POST", headers: { "Content-Type": "application/csp-report" }, body }),
  ]);
  attempt(() => navigator.sendBeacon(url, body));
  over("forge-report");
})();
