import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '#kit/testing/test.ts';
import { logStream } from './log-stream.ts';

describe('logStream', () => {
  it('joins broken lines and starts each with the name of its writer', async () => {
    let out = '';
    const log = logStream(['shop', 'shop daprd'], (text) => (out += text), false);
    const source = new PassThrough();
    log.attach('shop', source);
    source.write('one\ntw');
    source.write('o\nlast');
    source.end();
    await once(source, 'end');
    expect(out).toBe('shop       │ one\nshop       │ two\nshop       │ last\n');
  });
});
