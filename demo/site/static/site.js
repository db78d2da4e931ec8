// The Heron's own script: the lamp (light and dark), how far one has read, and
// how long the rest takes. The page is whole without it.
(() => {
  "use strict";

  const root = document.documentElement;
  const kept = "heron-theme";

  // A browser may refuse storage (private windows, sandboxed frames); then the
  // choice lasts as long as the page.
  const remembered = () => { try { return localStorage.getItem(kept); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem(kept, theme); } catch { /* for this page only */ } };

  const theme = remembered();
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  const isDark = () =>
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  function lamp() {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    const label = () => { button.textContent = isDark() ? "Lamp on" : "Lamp off"; };
    button.title = "Switch between the light and the dark page";
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      remember(root.dataset.theme);
      label();
    });
    button.hidden = false;
    label();
  }

  function reading() {
    const prose = document.querySelector("[data-prose]");
    const bar = document.querySelector("[data-progress] i");
    if (!prose || !bar) return;
    const time = document.querySelector("[data-reading-time]");
    const words = window.__page?.words || prose.textContent.trim().split(/\s+/).length;
    const minutes = Math.max(1, Math.round(words / 220));

    let waiting = false;
    const draw = () => {
      waiting = false;
      const box = prose.getBoundingClientRect();
      const done = Math.min(1, Math.max(0, (innerHeight - box.top) / box.height));
      bar.style.transform = `scaleX(${done.toFixed(4)})`;
    };
    const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };

    if (time) time.textContent = `${minutes} minute${minutes === 1 ? "" : "s"} to read`;
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    draw();
  }

  const start = () => { lamp(); reading(); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
