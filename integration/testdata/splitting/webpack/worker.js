import { double } from "./double.js";

onmessage = async ({ data }) => {
  const { more } = await import("./more.js"); // by importScripts
  postMessage(double(data) + more);
};
