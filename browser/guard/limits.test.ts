import { equal, holds, test } from "../testing/testing";
import { newPace } from "./limits";

test("what comes at an easy pace is read, for ever", () => {
  let time = 0;
  const pace = newPace(() => time);
  for (let i = 0; i < 10_000; i++, time += 20) equal(pace(1), "read");
});

test("a burst is read, more is dropped, and a pause heals", () => {
  let time = 0;
  const pace = newPace(() => time);
  for (let i = 0; i < 500; i++) equal(pace(1), "read");
  for (let i = 0; i < 1500; i++) equal(pace(1), "drop");
  time += 10;
  equal([pace(1), pace(1)], ["read", "drop"]);
  time += 60_000;
  for (let i = 0; i < 500; i++) equal(pace(1), "read");
  for (let i = 0; i < 1900; i++) equal(pace(1), "drop");
});

test("who floods on and on is cut off", () => {
  let time = 0;
  const pace = newPace(() => time);
  let sent = 0;
  while (pace(1) !== "cut") {
    time += 1; // a message each millisecond
    holds(++sent < 5000, "5,000 messages in 5 seconds were not cut off");
  }
  equal(pace(1) === "read", false);
});

test("nonsense costs more", () => {
  const pace = newPace(() => 0);
  let read = 0;
  while (pace(10) === "read") read++;
  equal(read, 50);
});
