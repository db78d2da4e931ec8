// Answers to BOSH requests in the order of the requests, as the relay numbers
// them: two that come on two connections at about the same time may be read in
// either order, and Strophe and stanza take them as they are read.
let next = 0;
const early = new Map();

// inOrder calls deliver when it is the turn of the answer with this number. What
// has none, or one that was delivered, is delivered at once; 0 begins a session.
export function inOrder(number, deliver) {
  if (number === null || number === undefined || (Number(number) < next && Number(number) > 0)) return deliver();
  if (Number(number) === 0) {
    early.clear();
    next = 0;
  }
  early.set(Number(number), deliver);
  for (let turn; (turn = early.get(next)); ) {
    early.delete(next++);
    turn();
  }
}
