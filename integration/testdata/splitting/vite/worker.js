import { double } from "./double.js";

onmessage = async ({ data }) => {
  const { more } = await import("./more.js");
  postMessage(double(data) + more);
};
