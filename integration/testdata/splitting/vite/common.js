// Two parts of the application have it, so it is a part of its own.
export const common = "common";
