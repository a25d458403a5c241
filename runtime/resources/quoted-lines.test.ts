import { parse } from 'yaml';
import { describe, expect, it } from '#kit/testing/test.ts';
import { indentQuoted } from './quoted-lines.ts';

describe('indentQuoted', () => {
  it('makes texts over several lines readable whatever their indentation', () => {
    const text = `metadata:\n - name: routes\n   value: '{\n\t  "/a": "/b",\n\t"/c": "it''s"\n}'\n - name: next\n   value: "x\n y"\n`;
    expect(parse(indentQuoted(text))).toEqual({
      metadata: [
        { name: 'routes', value: `{ "/a": "/b", "/c": "it's" }` },
        { name: 'next', value: 'x y' },
      ],
    });
  });

  it('leaves everything else as it is', () => {
    const text = `a: 'one' # it's\nb: "two \\" three"\nc: it's\nd: |\n  '\n  x\n`;
    expect(indentQuoted(`${text}`).split('\n').slice(0, 4)).toEqual(text.split('\n').slice(0, 4));
  });
});
