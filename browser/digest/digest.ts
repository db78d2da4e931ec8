// SHA-2 (FIPS 180-4), at once: crypto.subtle answers later, and the text of a script
// has to be judged while it is set. A word is two halves of 32 bits; SHA-256 uses the
// first alone, and its constants are the first halves of those of SHA-512.

type Word = readonly [number, number];

/** The algorithms of CSP's hash-sources. */
export type Algorithm = "sha256" | "sha384" | "sha512";

let roots: readonly [cube: readonly Word[], square: readonly Word[]] | undefined; // made once

/** The fractions of the cube and square roots of the first 80 primes. */
function constants(): NonNullable<typeof roots> {
  if (roots) return roots;
  const primes: number[] = [];
  for (let n = 2; primes.length < 80; n++) if (primes.every((prime) => n % prime)) primes.push(n);
  const fraction = (degree: bigint) => (prime: number): Word => {
    let root = 0n;
    for (let bit = 1n << 69n; bit; bit >>= 1n) {
      if ((root + bit) ** degree <= BigInt(prime) << (64n * degree)) root += bit;
    }
    return [Number(BigInt.asIntN(32, root >> 32n)), Number(BigInt.asIntN(32, root))];
  };
  return (roots = [primes.map(fraction(3n)), primes.map(fraction(2n))]);
}

const sum = (...words: readonly Word[]): Word => {
  let high = 0;
  let low = 0;
  for (const [h, l] of words) {
    high += h;
    low += l >>> 0;
  }
  return [(high + Math.floor(low / 2 ** 32)) | 0, low | 0];
};

/** Returns a hash-source without its quotes, like "sha256-…". */
export function digest(algorithm: Algorithm, bytes: Uint8Array): string {
  const wide = algorithm !== "sha256";
  /** SHA-256 has no second halves. */
  const cut = (word: Word): Word => (wide ? word : [word[0], 0]);
  const [cube, square] = constants().map((words) => words.map(cut)) as [Word[], Word[]];
  const size = wide ? 128 : 64;
  const rounds = wide ? 80 : 64;
  // The padding: a bit, zeros, the length in bits.
  const padded = new Uint8Array(Math.ceil((bytes.length + 1 + size / 8) / size) * size);
  padded.set(bytes);
  padded[bytes.length] = 128;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, bytes.length / 2 ** 29);
  view.setUint32(padded.length - 4, bytes.length << 3);

  const rotate = ([h, l]: Word, by: number): Word => {
    if (!wide) return [(h >>> by) | (h << (32 - by)), 0];
    if (by > 31) [h, l, by] = [l, h, by - 32];
    return [(h >>> by) | (l << (32 - by)), (l >>> by) | (h << (32 - by))];
  };
  /** Two rotations and a third one, or a shift where it is negative. */
  const mix = (word: Word, a: number, b: number, c: number): Word => {
    const [ah, al] = rotate(word, a);
    const [bh, bl] = rotate(word, b);
    const [ch, cl] = c < 0 ? [word[0] >>> -c, wide ? (word[1] >>> -c) | (word[0] << (32 + c)) : 0] : rotate(word, c);
    return [ah ^ bh ^ ch, al ^ bl ^ cl];
  };

  let state = (algorithm === "sha384" ? square.slice(8, 16) : square.slice(0, 8)) as Word[];
  for (let block = 0; block < padded.length; block += size) {
    const words: Word[] = [];
    let [a, b, c, d, e, f, g, h] = state as unknown as [Word, Word, Word, Word, Word, Word, Word, Word];
    for (let i = 0; i < rounds; i++) {
      const at = (back: number) => words[i - back] as Word;
      words.push(
        i < 16
          ? wide
            ? [view.getInt32(block + 8 * i), view.getInt32(block + 8 * i + 4)]
            : [view.getInt32(block + 4 * i), 0]
          : wide
            ? sum(mix(at(2), 19, 61, -6), at(7), mix(at(15), 1, 8, -7), at(16))
            : sum(mix(at(2), 17, 19, -10), at(7), mix(at(15), 7, 18, -3), at(16)),
      );
      const choice: Word = [(e[0] & f[0]) ^ (~e[0] & g[0]), (e[1] & f[1]) ^ (~e[1] & g[1])];
      const most: Word = [(a[0] & b[0]) ^ (a[0] & c[0]) ^ (b[0] & c[0]), (a[1] & b[1]) ^ (a[1] & c[1]) ^ (b[1] & c[1])];
      const one = sum(h, wide ? mix(e, 14, 18, 41) : mix(e, 6, 11, 25), choice, cube[i] as Word, words[i] as Word);
      const two = sum(wide ? mix(a, 28, 34, 39) : mix(a, 2, 13, 22), most);
      [a, b, c, d, e, f, g, h] = [sum(one, two), a, b, c, sum(d, one), e, f, g];
    }
    state = [a, b, c, d, e, f, g, h].map((word, i) => sum(word, state[i] as Word));
  }
  const out = new DataView(new ArrayBuffer(64));
  state.forEach(([high, low], i) => {
    out.setInt32(wide ? 8 * i : 4 * i, high);
    if (wide) out.setInt32(8 * i + 4, low);
  });
  const length = Number(algorithm.slice(3)) / 8;
  return `${algorithm}-${btoa(String.fromCharCode(...new Uint8Array(out.buffer, 0, length)))}`;
}
