import { equal, test } from "../testing/testing";
import { parseCookieDate } from "./cookiedate";

test("dates are read as loosely as RFC 6265bis has it", () => {
  const then = Date.UTC(2099, 9, 21, 7, 28, 0);
  for (const text of [
    "Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21-Oct-2099 7:28:0", "2099 october 21 07:28:00x", "07:28:00 21 OCT 2099", "21/oct/2099;07:28:00 +0200",
  ]) equal([text, parseCookieDate(text)], [text, then]);
  equal(parseCookieDate("Thu, 01-Jan-70 00:00:01 GMT"), 1000);
  equal(parseCookieDate("1 Jan 69 00:00:00"), Date.UTC(2069, 0, 1));
});

test("what is no date is none", () => {
  for (const text of [
    "", "garbage", "0", "21 Oct 2099", "Oct 2099 07:28:00", "21 2099 07:28:00", "21 Oct 07:28:00", "32 Jan 2099 00:00:00", "31 Feb 2099 00:00:00",
    "0 Jan 2099 00:00:00", "1 Jan 1600 00:00:00", "1 Jan 2099 24:00:00", "1 Jan 2099 00:60:00", "1 Jan 2099 00:00:60", "1 Jan 20990 00:00:00",
  ]) equal([text, parseCookieDate(text)], [text, null]);
});
