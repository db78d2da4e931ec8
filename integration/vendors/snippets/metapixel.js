(function (w) {
  if (w.fbq) return;
  var fbq = (w.fbq = function () {
    if (fbq.callMethod) fbq.callMethod.apply(fbq, arguments);
    else fbq.queue.push(arguments);
  });
  if (!w._fbq) w._fbq = fbq;
  fbq.push = fbq;
  fbq.loaded = true;
  fbq.version = "2.0";
  fbq.queue = [];
  fbq.collector = "COLLECTOR";
})(window);
fbq("init", "1234567890");
fbq("track", "PageView");
