import { fault } from '#kit/errors/fault.ts';

const lengthBytes = 8;
/** How V8's compiled code begins: bytes of its version, then these. */
const versionBytes = 2;
const codeMark = Buffer.of(0xde, 0xc0);
const longestName = 200;

/**
 * A snapshot of Node without compiled code of Node's own modules, which a snapshot that holds the functions of a program
 * has beside them: what of it the program uses is among its functions. It is the last part of the file: a count, then
 * name and code of each module, both behind their lengths. Throws `internal` for a file of another form.
 * Source: Node 26, src/node_snapshotable.cc (SnapshotData::ToFile).
 */
export function stripCodeCache(blob: Buffer): Buffer {
  for (let mark = blob.indexOf(codeMark); mark >= 0; mark = blob.indexOf(codeMark, mark + 1)) {
    const start = startOfList(blob, mark - versionBytes - lengthBytes);
    if (start !== undefined) return Buffer.concat([blob.subarray(0, start), Buffer.alloc(lengthBytes)]);
  }
  throw fault('internal', 'the snapshot has no compiled code of Node at its end: has its form changed?');
}

/** Where the list begins whose first module's code has its length at `codeLengthAt`; undefined where there is none. */
function startOfList(blob: Buffer, codeLengthAt: number): number | undefined {
  for (let length = 1; length <= longestName; length++) {
    const start = codeLengthAt - length - 2 * lengthBytes;
    if (start < 0) return undefined;
    if (numberAt(blob, start + lengthBytes) === length && endOfList(blob, start) === blob.length) return start;
  }
  return undefined;
}

/** Where a list that begins there ends; undefined where there is none. */
function endOfList(blob: Buffer, start: number): number | undefined {
  let at = start + lengthBytes;
  for (let left = numberAt(blob, start); left > 0; left--) {
    const nameLength = numberAt(blob, at);
    if (nameLength === 0 || nameLength > longestName) return undefined;
    at += lengthBytes + nameLength;
    at += lengthBytes + numberAt(blob, at);
    if (at > blob.length) return undefined;
  }
  return at;
}

/** Reads beyond the end as no number. */
const numberAt = (blob: Buffer, at: number): number =>
  at + lengthBytes <= blob.length ? Number(blob.readBigUInt64LE(at)) : Number.NaN;
