import "./page.css";
import { common } from "./common.js";
import { shared } from "./shared.js";

export async function render(app) {
  const mark = document.createElement("p");
  mark.className = "styled-by-vite";
  document.body.append(mark);
  app.colour = getComputedStyle(mark).color;
  app.page = shared();
  app.common = common;
  const { nested } = await import("./nested.js");
  app.nested = nested;
}
