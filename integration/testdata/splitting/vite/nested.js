import { common } from "./common.js";

export const nested = `nested ${common}`;
