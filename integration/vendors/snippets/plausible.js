window.plausible =
  window.plausible ||
  function () {
    (plausible.q = plausible.q || []).push(arguments);
  };
plausible.o = { domain: "heron.example", endpoint: "COLLECTOR/api/event" };
