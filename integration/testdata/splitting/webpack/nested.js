export const nested = "nested";
