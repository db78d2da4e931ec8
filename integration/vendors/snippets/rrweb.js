// The library records and sends nothing.
(function () {
  var events = [];
  var visitor = localStorage.getItem("rrweb_visitor") || String(Math.random());
  localStorage.setItem("rrweb_visitor", visitor);
  rrweb.record({
    emit: function (event) {
      events.push(event);
    },
  });
  setInterval(function () {
    if (!events.length) return;
    var hit = { visitor: visitor, url: location.href, title: document.title, referrer: document.referrer, events: events.splice(0) };
    fetch("COLLECTOR/replay", { method: "POST", body: JSON.stringify(hit) });
  }, 250);
})();
