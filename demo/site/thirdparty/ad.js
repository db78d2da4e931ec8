// An advertisement, 300 by 250, drawn where its script stands. It works as an
// ordinary script in a page (the parent of its script element is the slot) and
// alone in a frame whose body is empty. Nothing is written as markup or as a
// style attribute, so that it also runs where Trusted Types are required.
(() => {
  "use strict";

  const VENDOR = "__VENDOR__";
  const SVG = "http://www.w3.org/2000/svg";
  const script = document.currentScript;
  const slot = script?.dataset.slot || "alone";

  function place() {
    const parent = script?.isConnected ? script.parentElement : null;
    if (parent && parent !== document.head && parent !== document.documentElement) return parent;
    return document.querySelector("[data-ad-slot]") || document.body;
  }

  function make(name, attributes = {}, children = []) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  const text = (x, y, size, weight, fill, content) =>
    make("text", { x, y, "font-size": size, "font-weight": weight, fill, "font-family": "Futura, 'Century Gothic', 'Avenir Next', 'DejaVu Sans Condensed', sans-serif" }, [content]);

  const wave = (y, fill) =>
    make("path", { fill, d: `M-60 ${y}${"q15 -9 30 0t30 0".repeat(8)}V260H-60Z` });

  function boat() {
    return make("g", {}, [
      make("path", { fill: "#fff4dc", d: "M128 150h104c-6 22-20 34-40 34h-24c-20 0-34-12-40-34Z" }),
      make("path", { fill: "#d1462f", d: "M126 146h108l-3 12H129Z" }),
      make("circle", { cx: 176, cy: 116, r: 9, fill: "#20323c" }),
      make("path", { fill: "#ffd24a", d: "M165 128h22l8 20h-36Z" }),
      make("path", { fill: "none", stroke: "#20323c", "stroke-width": 4, "stroke-linecap": "round", d: "M182 136 140 168M182 136l70 30" }),
      make("path", { fill: "none", stroke: "#20323c", "stroke-width": 9, "stroke-linecap": "round", d: "M140 168l-9 7M252 166l10 5" }),
    ]);
  }

  function creative() {
    const drawn = boat();
    const back = wave(172, "#2a93a6");
    const front = wave(186, "#14687c");
    const picture = make("svg", { viewBox: "0 0 300 250", width: 300, height: 250, "aria-hidden": "true" }, [
      make("path", { fill: "#8fd6d2", d: "M0 0h300v250H0Z" }),
      make("circle", { cx: 244, cy: 62, r: 58, fill: "#a8e0d6" }),
      make("circle", { cx: 244, cy: 62, r: 37, fill: "#ffd24a" }),
      make("path", { fill: "#5fb3a1", d: "M0 160c40-26 70-22 104-8 50-22 96-18 196 6v40H0Z" }),
      back, drawn, front,
      text(18, 42, 27, 700, "#12303b", "An hour on"),
      text(18, 72, 27, 700, "#12303b", "the water."),
      text(18, 96, 13, 400, "#12303b", "Pell & Daughters, boats"),
      make("rect", { x: 18, y: 206, width: 118, height: 30, rx: 15, fill: "#fff4dc" }),
      text(34, 226, 14, 700, "#14475a", "Take the oars"),
    ]);
    return { picture, drawn, back, front };
  }

  function move({ drawn, back, front }) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const forever = { iterations: Infinity, easing: "ease-in-out", direction: "alternate" };
    drawn.style.transformOrigin = "180px 170px";
    drawn.animate([{ transform: "translateY(2px) rotate(-3deg)" }, { transform: "translateY(-3px) rotate(3deg)" }], { duration: 1900, ...forever });
    back.animate([{ transform: "translateX(0)" }, { transform: "translateX(-60px)" }], { duration: 5200, iterations: Infinity });
    front.animate([{ transform: "translateX(-60px)" }, { transform: "translateX(0)" }], { duration: 3600, iterations: Infinity });
  }

  function show() {
    const link = document.createElement("a");
    link.href = `${VENDOR}/ads/landing?slot=${encodeURIComponent(slot)}`;
    link.rel = "noopener sponsored";
    link.dataset.creative = "pell-rowing-boats";
    link.setAttribute("aria-label", "An hour on the water. Pell and Daughters, boat hire: take the oars");
    Object.assign(link.style, { display: "block", width: "300px", height: "250px", overflow: "hidden", cursor: "pointer" });
    link.addEventListener("click", (event) => {
      event.preventDefault();
      window.open(link.href, "_blank", "noopener");
    });
    const parts = creative();
    link.append(parts.picture);

    const at = place();
    if (at === document.body && !document.body.firstElementChild) document.body.style.margin = "0";
    at.append(link);
    move(parts);

    new Image().src = `${VENDOR}/collect/impression?slot=${encodeURIComponent(slot)}&page=${encodeURIComponent(location.href)}`;
  }

  if (document.body) show();
  else document.addEventListener("DOMContentLoaded", show, { once: true });
})();
