import { equal, test } from "../testing/testing";
import { decide } from "./mediafeature";

/** The query with its features as 1 and 0. */
const read = (query: string, width = 1200, height = 800) =>
  decide(query, { width, height }).replaceAll("(min-width:0)", "1").replaceAll("(max-width:-1px)", "0");

test("features of the viewport are decided, all else is left", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["(min-width:600px)", "1"],
    ["(min-width: 1200px) and (max-width:1199.98px)", "1 and 0"],
    ["only screen and (max-width: 75em)", "only screen and 1"],
    ["not all and (MIN-WIDTH:601PX), print", "not all and 1, print"],
    ["(width >= 600px) or (height < 800px)", "1 or 0"],
    ["(400px <= width < 1200px)", "0"],
    ["(400px < width <= 1200px)", "1"],
    ["(600px>height)", "0"],
    ["(orientation: portrait)", "0"],
    ["(orientation:landscape)", "1"],
    ["(aspect-ratio: 3/2)", "1"],
    ["(min-aspect-ratio: 16 / 9)", "0"],
    ["(width)", "1"],
    ["(prefers-color-scheme: dark) and (hover)", "(prefers-color-scheme: dark) and (hover)"],
    ["(min-device-width: 600px)", "(min-device-width: 600px)"],
    ["(min-resolution: 2dppx)", "(min-resolution: 2dppx)"],
    ["(device-aspect-ratio: 16/9)", "(device-aspect-ratio: 16/9)"],
  ];
  for (const [query, want] of cases) equal([query, read(query)], [query, want]);
});

test("what is no length does not hold", () => {
  equal(read("(min-width: wide)"), "0");
  equal(read("(min-width: 10parsecs)"), "0");
});
