// Keeps the table up to date. Everything shown was sent by strangers, so it is
// only ever set as text.
(() => {
  "use strict";

  const rows = document.querySelector("[data-hits]");
  const empty = document.querySelector("[data-empty]");
  const count = document.querySelector("[data-count]");
  const found = document.querySelector("[data-found]");
  const find = document.querySelector("#find");
  const shown = 200;
  let after = 0;
  let first = true;

  function cell(...children) {
    const td = document.createElement("td");
    td.append(...children);
    return td;
  }
  function element(name, text) {
    const node = document.createElement(name);
    node.textContent = text;
    return node;
  }

  function row(hit) {
    const tr = document.createElement("tr");
    if (!first) tr.className = "fresh";
    tr.append(
      cell(new Date(hit.time).toLocaleTimeString([], { hour12: false })),
      cell(element("b", `${hit.method} ${hit.path}`), element("small", hit.origin ? `from origin ${hit.origin}` : "no origin named")),
      cell(hit.page || "not said"),
      cell(element("code", hit.text || hit.query || "(empty)")),
    );
    return tr;
  }

  function say(answer) {
    const word = find.value.trim();
    found.className = word === "" ? "" : answer.found === 0 ? "none" : "some";
    found.textContent = word === "" ? "" :
      answer.found === 0 ? `None of the ${answer.kept} hits kept holds it.` :
      `${answer.found} of the ${answer.kept} hits kept hold${answer.found === 1 ? "s" : ""} it.`;
  }

  async function look() {
    try {
      const query = new URLSearchParams({ after, find: find.value.trim() });
      const response = await fetch(`/received.json?${query}`);
      if (!response.ok) throw new Error(`the vendor answered ${response.status}`);
      const answer = await response.json();
      for (const hit of answer.hits) {
        if (hit.seq <= after) continue; // another look was quicker
        after = hit.seq;
        rows.prepend(row(hit));
      }
      while (rows.childElementCount > shown) rows.lastElementChild.remove();
      first = false;
      empty.hidden = rows.childElementCount > 0;
      count.textContent = answer.total === 0 ? "Nothing yet." : `${answer.total} hit${answer.total === 1 ? "" : "s"} so far.`;
      say(answer);
    } catch {
      count.textContent = "The vendor does not answer; trying again.";
    }
  }

  let timer;
  async function tick() {
    clearTimeout(timer);
    await look();
    timer = setTimeout(tick, 800);
  }
  document.querySelector("[data-search]").addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", tick);
  tick();
})();
