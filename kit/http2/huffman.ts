/**
 * Bits of each symbol's code, a base-36 digit each; the last is the end of text. The code is canonical: codes of one
 * length follow the order of their symbols. Source: RFC 7541, appendix B.
 */
const lengths = [
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6',
  'f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn',
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu',
].join('');

const endOfText = 256;

/** A tree of codes: node n has its branches at 2n and 2n + 1; a leaf holds -1 - symbol. */
function codeTree(): Int16Array {
  const byCode = [...lengths].map((digit, symbol) => ({ symbol, bits: Number.parseInt(digit, 36) }));
  byCode.sort((a, b) => a.bits - b.bits || a.symbol - b.symbol);
  const tree = new Int16Array(2 * (endOfText + 1));
  let nodes = 1;
  let code = 0;
  let before = 0;
  for (const { symbol, bits } of byCode) {
    code <<= bits - before;
    before = bits;
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const branch = 2 * node + ((code >> bit) & 1);
      if (tree[branch] === 0) tree[branch] = nodes++;
      node = tree[branch]!;
    }
    tree[2 * node + (code & 1)] = -1 - symbol;
    code++;
  }
  return tree;
}

const tree = codeTree();

/** The text of Huffman-coded bytes, one letter a byte; undefined for padding that is too long or not all ones. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | undefined {
  let text = '';
  let node = 0;
  let depth = 0;
  let ones = true;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    for (let bit = 7; bit >= 0; bit--) {
      const one = (byte >> bit) & 1;
      const next = tree[2 * node + one]!;
      depth++;
      ones &&= one === 1;
      if (next >= 0) {
        node = next;
        continue;
      }
      const symbol = -1 - next;
      if (symbol === endOfText) return undefined;
      text += String.fromCharCode(symbol);
      node = 0;
      depth = 0;
      ones = true;
    }
  }
  return depth < 8 && ones ? text : undefined;
}
