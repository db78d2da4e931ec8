// Tries: patch JSON.parse and see what the page parses.
(() => {
  for (const view of [window, parent, top]) {
    attempt(() => {
      const { parse } = view.JSON;
      view.JSON.parse = function (text) {
        steal("hook-parse", text);
        return parse.apply(this, arguments);
      };
    });
  }
  over("hook-parse");
})();
