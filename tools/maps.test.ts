import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { mapProblems } from './maps.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'maps-'));
  await write('docs/README.md', '`adr/`');
  await write('docs/adr/README.md', '[1](0001-a.md)');
  await write('docs/adr/0001-a.md', '');
});
afterEach(() => rm(root, { recursive: true }));

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

describe('mapProblems', () => {
  it('finds nothing where every folder is named and every link leads somewhere', () => {
    expect(mapProblems(root)).toEqual([]);
  });

  it('names folders that nobody explains', async () => {
    await write('kit/http/a.ts', '');
    await write('docs/flags/a.md', '');
    expect(mapProblems(root)).toEqual([
      'docs/README.md: does not say what flags/ is',
      'kit/: has no README.md that says what is where',
    ]);
  });

  it('names a decision that is not listed and a link that is dead, but for what a code block shows', async () => {
    await write('docs/adr/0002-b.md', '[there](gone.md#why), [web](https://example.com)\n```\n[no](link.md)\n```\n');
    expect(mapProblems(root)).toEqual([
      'docs/adr/README.md: does not list 0002-b.md',
      'docs/adr/0002-b.md: links to gone.md, which is not there',
    ]);
  });
});
