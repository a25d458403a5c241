import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { preface } from './preface.ts';
import type { TakeOver } from './versions.ts';

/** What belongs to the HTTP/1.1 connection alone; `host` becomes `:authority`. */
const left = new Set(['connection', 'upgrade', 'http2-settings', 'keep-alive', 'proxy-connection', 'te', 'host']);
/** Longest header block of one frame that every peer takes, with room for its pseudo-headers. */
const mostHeaderBytes = 12_000;
const frameHeaderBytes = 9;
const mostFrameBytes = 16_384;

/**
 * Whether a request asks for HTTP/2 without TLS by upgrade, in a way served here: without a body, which would have to
 * be read first. What is not served is answered over HTTP/1.1, as the protocol allows. Source: RFC 7540, section 3.2.
 */
export function asksForHttp2({ headers, rawHeaders }: IncomingMessage): boolean {
  return (
    headers.upgrade?.toLowerCase() === 'h2c' &&
    headers['http2-settings'] !== undefined &&
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] ?? '0') === '0' &&
    rawHeaders.reduce((bytes, text) => bytes + text.length, 0) < mostHeaderBytes
  );
}

/** Switches a connection to HTTP/2; the request that asked for it is answered there, as stream 1. */
export function upgradeToHttp2(asHttp2: TakeOver, message: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  if (head.length > 0) socket.unshift(head);
  asHttp2(withFirstRequest(socket, requestFrame(message)));
}

/** The same bytes, with a frame put in behind the client's preface and SETTINGS, where a client's own would stand. */
function withFirstRequest(socket: Duplex, frame: Buffer): Duplex {
  let held: Buffer | undefined = Buffer.alloc(0);
  const take = (chunk: Buffer): Buffer | undefined => {
    if (held === undefined) return chunk;
    held = Buffer.concat([held, chunk]);
    const opening = openingBytes(held);
    if (opening === undefined || held.length < opening) return undefined;
    const bytes = Buffer.concat([held.subarray(0, opening), frame, held.subarray(opening)]);
    held = undefined;
    return bytes;
  };
  const outer = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    const bytes = take(chunk);
    if (bytes !== undefined && !outer.push(bytes)) socket.pause();
  });
  socket.once('end', () => outer.push(null));
  socket.once('close', () => outer.destroy());
  socket.on('error', (error) => outer.destroy(error));
  return outer;
}

/** Length of preface and first frame, which is no longer than a client may send; undefined while that cannot be told. */
function openingBytes(held: Buffer): number | undefined {
  if (held.length < preface.length + frameHeaderBytes) return undefined;
  return preface.length + frameHeaderBytes + Math.min(held.readUIntBE(preface.length, 3), mostFrameBytes);
}

/** A request without a body as the HEADERS frame that ends stream 1. Source: RFC 9113, section 6.2. */
function requestFrame(message: IncomingMessage): Buffer {
  const fields: [string, string][] = [
    [':method', message.method!],
    [':scheme', 'http'],
    [':path', message.url!],
    [':authority', message.headers.host ?? ''],
  ];
  for (let i = 0; i < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i]!.toLowerCase();
    if (!left.has(name)) fields.push([name, message.rawHeaders[i + 1]!]);
  }
  const block = Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), hpackText(name), hpackText(value)]));
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUIntBE(block.length, 0, 3);
  header.set([headersType, endStream | endHeaders], 3);
  header.writeUInt32BE(1, 5);
  return Buffer.concat([header, block]);
}

const headersType = 1;
const endStream = 1;
const endHeaders = 4;

/** A string literal of HPACK, not Huffman coded. Source: RFC 7541, sections 5.1 and 5.2. */
function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
