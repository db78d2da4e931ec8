// What the drivers in Node have in common: they are told what to do in lines of
// words on standard input, and say what happened in lines of JSON on standard
// output.
//
//   node DRIVER URL DOMAIN USER PASSWORD RESOURCE TAIL
//
//   send TO FIRST LAST    messages "c FIRST TAIL" to "c LAST TAIL", in order
//   stop                  say goodbye and exit
//
//   {"online": "jid"}     logged in
//   {"body": "…"}         a message came
//   {"event": "resumed"}  something that the test counts
//   {"error": "…"}        the client gave up
import { createInterface } from "node:readline";

export const [url, domain, user, password, resource, tail] = process.argv.slice(2);

export function say(what) {
  process.stdout.write(JSON.stringify(what) + "\n");
}

// Libraries write their opinions to the console; standard output is ours.
console.log = console.info = console.warn = console.error;
console.debug = () => {};

process.on("unhandledRejection", (e) => say({ event: "rejection", text: String(e) }));

// serve reads commands. send is called with an address and a text and must keep
// the order, and sent when all texts of a command were given to it; stop ends
// the session and may be asynchronous.
export function serve({ send, sent, stop }) {
  createInterface({ input: process.stdin })
    .on("line", async (line) => {
      const [word, to, first, last] = line.split(" ");
      if (word === "send") {
        for (let n = Number(first); n <= Number(last); n++) send(to, `c ${n} ${tail}`);
        sent?.();
      } else if (word === "stop") {
        await stop();
        process.exit(0);
      }
    })
    .on("close", () => process.exit(1)); // the test is gone
}
