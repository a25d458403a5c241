/** What a response's head says. */
export type ResponseHead = {
  status: number;
  /** Names in lower case; a repeated one holds its values in order. */
  headers: Record<string, string | string[]>;
  /** Whether the connection may carry another request once the body has ended. */
  persistent: boolean;
};

/** Gets the parts of a response as they come. */
export type ResponseReader = {
  head(head: ResponseHead): void;
  /** A piece of the body: a view into what was pushed. */
  data(piece: Buffer): void;
  /** `alone`: nothing came behind it, as is right where one request is sent at a time. */
  end(alone: boolean): void;
};

/** Largest head of a response, in bytes. */
const maxHeadBytes = 64 * 1024;
/** Longest line that bears the size of a chunk, and most bytes of trailers. */
const maxLineBytes = 8 * 1024;

const endOfHead = Buffer.from('\r\n\r\n');
const endOfLine = Buffer.from('\r\n');
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\0-\x08\x0a-\x1f\x7f]/;

type State = 'idle' | 'head' | 'sized' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close';

/**
 * Reads HTTP/1.1 responses from the bytes of a connection, one after the other (RFC 9112). Strict: what is malformed
 * throws, since a response that two readers understand differently is how responses are smuggled. Interim responses
 * (1xx) are passed over, but for 101, which is final and has no body.
 */
export class ResponseParser {
  #state: State = 'idle';
  #reader: ResponseReader | undefined;
  #toHead = false;
  #left = 0;
  #rest: Buffer | undefined;

  /** Whether a response is awaited or under way. */
  get busy(): boolean {
    return this.#state !== 'idle';
  }

  /** Awaits the response to a request with that method. */
  begin(method: string, reader: ResponseReader): void {
    this.#state = 'head';
    this.#toHead = method === 'HEAD';
    this.#reader = reader;
  }

  /** Throws an `Error` that says what is malformed; the parser is of no use then. */
  push(bytes: Buffer): void {
    let data = bytes;
    if (this.#rest !== undefined) {
      data = Buffer.concat([this.#rest, bytes]);
      this.#rest = undefined;
    }
    let at = 0;
    while (at < data.length) {
      const next = this.#step(data, at);
      if (next === undefined) {
        this.#rest = data.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** The server has ended the connection: whether what is under way, if anything, was whole. */
  close(): 'whole' | 'cut' {
    if (this.#state === 'until-close') this.#finish(true);
    return this.#state === 'idle' ? 'whole' : 'cut';
  }

  /** Consumes what it can from `at` on and answers where it stopped; undefined when it needs more. */
  #step(data: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case 'idle':
        throw new Error('bytes came that belong to no response');
      case 'head':
        return this.#readHead(data, at);
      case 'sized':
      case 'chunk':
        return this.#readSized(data, at);
      case 'until-close':
        this.#reader!.data(at === 0 ? data : data.subarray(at));
        return data.length;
      default:
        return this.#readLine(data, at);
    }
  }

  #readHead(data: Buffer, at: number): number | undefined {
    const end = data.indexOf(endOfHead, at);
    if ((end < 0 ? data.length : end) - at > maxHeadBytes) throw new Error(`a head of more than ${maxHeadBytes} bytes`);
    if (end < 0) return undefined;
    const text = data.toString('latin1', at, end);
    const status = statusOf(text);
    const next = end + endOfHead.length;
    if (status >= 200 || status === 101) this.#begun(status, text, next === data.length);
    return next;
  }

  #begun(status: number, text: string, alone: boolean): void {
    const headers = headersOf(text);
    const length = lengthOf(headers);
    const coding = headers['transfer-encoding'];
    const open = isPersistent(text, headers);
    if (this.#toHead || status === 204 || status === 304 || status === 101) {
      this.#reader!.head({ status, headers, persistent: open && status !== 101 });
      this.#finish(alone);
    } else if (coding !== undefined) {
      // Another coding would have to be undone here: the caller is never told of it.
      if (String(coding).toLowerCase() !== 'chunked') throw new Error('its transfer coding is none that is known here');
      this.#state = 'chunk-size';
      this.#reader!.head({ status, headers, persistent: open && length === undefined });
    } else {
      this.#state = length === undefined ? 'until-close' : 'sized';
      this.#left = length ?? 0;
      this.#reader!.head({ status, headers, persistent: open && length !== undefined });
      if (length === 0) this.#finish(alone);
    }
  }

  #readSized(data: Buffer, at: number): number {
    const end = Math.min(data.length, at + this.#left);
    this.#left -= end - at;
    this.#reader!.data(at === 0 && end === data.length ? data : data.subarray(at, end));
    if (this.#left === 0) {
      if (this.#state === 'sized') this.#finish(end === data.length);
      else this.#state = 'chunk-end';
    }
    return end;
  }

  #readLine(data: Buffer, at: number): number | undefined {
    const end = data.indexOf(endOfLine, at);
    if ((end < 0 ? data.length : end) - at > maxLineBytes) throw new Error('a line of a chunked body is too long');
    if (end < 0) return undefined;
    const line = data.toString('latin1', at, end);
    const next = end + endOfLine.length;
    if (this.#state === 'chunk-end') {
      if (line !== '') throw new Error('a chunk is longer than its size');
      this.#state = 'chunk-size';
    } else if (this.#state === 'chunk-size') {
      this.#left = chunkSize(line);
      this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    } else if (line === '') this.#finish(next === data.length);
    return next;
  }

  #finish(alone: boolean): void {
    const reader = this.#reader!;
    this.#state = 'idle';
    this.#reader = undefined;
    reader.end(alone);
  }
}

function statusOf(text: string): number {
  const match = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |\r|$)/.exec(text);
  if (!match) throw new Error('the status line is malformed');
  return Number(match[1]);
}

function headersOf(text: string): ResponseHead['headers'] {
  const headers: ResponseHead['headers'] = {};
  for (let end = text.indexOf('\r\n'); end >= 0; ) {
    const from = end + 2;
    end = text.indexOf('\r\n', from);
    const line = text.slice(from, end < 0 ? undefined : end);
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = trimmed(line, colon + 1);
    if (!token.test(name) || control.test(value)) throw new Error('a header is malformed');
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (before === undefined) headers[name] = value;
    else if (typeof before === 'string') headers[name] = [before, value];
    else before.push(value);
  }
  return headers;
}

/** The rest of a line without the blanks around it. */
function trimmed(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

const digits = /^\d{1,15}$/;

/** The length that is announced; several that differ make it malformed. */
function lengthOf(headers: ResponseHead['headers']): number | undefined {
  const announced = headers['content-length'];
  if (announced === undefined) return undefined;
  if (typeof announced === 'string' && digits.test(announced)) return Number(announced);
  const values = new Set([announced].flat().flatMap((value) => value.split(/[ \t]*,[ \t]*/)));
  const [value] = values;
  if (values.size !== 1 || !digits.test(value!)) throw new Error('the content-length is malformed');
  return Number(value);
}

function isPersistent(text: string, headers: ResponseHead['headers']): boolean {
  const connection = String(headers['connection'] ?? '').toLowerCase();
  return text.startsWith('HTTP/1.0') ? connection.includes('keep-alive') : !connection.includes('close');
}

function chunkSize(line: string): number {
  const match = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line);
  if (!match) throw new Error('the size of a chunk is malformed');
  return Number.parseInt(match[1]!, 16);
}
