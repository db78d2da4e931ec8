var _paq = window._paq = window._paq || [];
_paq.push(["setCustomVariable", 1, "visitor", "12ab", "page"]);
_paq.push(['trackPageView']);
_paq.push(['setUserId', 'user-77']);
