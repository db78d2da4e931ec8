window.dataLayer = window.dataLayer || [];
window.drupalSettings = {"path":{"baseUrl":"\/","currentPath":"node\/12"},"user":{"uid":0,"permissionsHash":"f7f0d2"}};
dataLayer.push({"event":"page","id":12,"tags":["a","b"]});
