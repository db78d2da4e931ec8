// The date of a cookie (RFC 6265bis §5.1.1), which may have its parts in any order.

const DELIMITERS = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Returns the time in ms since 1970, or null where it is no date. */
export function parseCookieDate(text: string): number | null {
  let time: number[] | undefined;
  let day: number | undefined;
  let month: number | undefined;
  let year: number | undefined;
  for (const token of text.split(DELIMITERS)) {
    const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)/.exec(token);
    const digits = /^\d{1,4}(?!\d)/.exec(token)?.[0] ?? "";
    const name = MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    if (!time && clock) time = clock.slice(1).map(Number);
    else if (day === undefined && digits && digits.length < 3) day = Number(digits);
    else if (month === undefined && name >= 0) month = name;
    else if (year === undefined && digits.length > 1) year = Number(digits);
  }
  if (!time || day === undefined || month === undefined || year === undefined) return null;
  if (year < 100) year += year < 70 ? 2000 : 1900;
  const [hour = 0, minute = 0, second = 0] = time;
  if (year < 1601 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  return date.getUTCDate() === day ? date.getTime() : null;
}
