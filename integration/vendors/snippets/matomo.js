var _paq = (window._paq = window._paq || []);
_paq.push(["trackPageView"]);
_paq.push(["enableLinkTracking"]);
_paq.push(["setTrackerUrl", "COLLECTOR/matomo.php"]);
_paq.push(["setSiteId", "1"]);
