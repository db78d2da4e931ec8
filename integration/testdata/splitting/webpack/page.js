import "./page.css";
import { shared } from "./shared.js";

export async function render(app) {
  const mark = document.createElement("p");
  mark.className = "styled-by-webpack";
  document.body.append(mark);
  app.colour = getComputedStyle(mark).color;
  app.page = shared();
  const { nested } = await import(/* webpackPreload: true */ "./nested.js");
  app.nested = nested;
}
