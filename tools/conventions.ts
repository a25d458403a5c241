/**
 * Fails where source breaks a convention that the linter cannot see: `process` outside a main, a runner imported
 * outside kit/testing, tests that are skipped or that sleep; and where READMEs do not tell what is there (maps.ts).
 * Usage: node tools/conventions.ts
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { mapProblems } from './maps.ts';

const root = path.resolve(import.meta.dirname, '..');

type Rule = { says: string; pattern: RegExp; applies(file: string): boolean };

const isTest = (file: string) => file.endsWith('.test.ts');
const isProduct = (file: string) =>
  /^(kit|contracts|components|runtime|operator|injector|sentry|placement|scheduler|crds|sdk|cli)\//.test(file) &&
  !isTest(file);

const rules: readonly Rule[] = [
  {
    says: 'only main.ts touches process: pass what you need as a parameter',
    pattern:
      /^(?!\s*(?:\*|\/\/)).*(?:\bprocess\.(?:env|argv|exit|exitCode|stdout|stderr|stdin|on|once|cwd|kill)\b|from 'node:process')/m,
    applies: (file) =>
      isProduct(file) && !/(^|\/)main\.ts$/.test(file) && !/(^|\/)(generate|testing|conformance)(\/|\.ts$)/.test(file),
  },
  {
    says: 'the test runner is imported in kit/testing/test.ts only',
    pattern: /from '(?:@jest\/globals|node:test|vitest)'/,
    applies: (file) => file !== 'kit/testing/test.ts',
  },
  {
    says: 'a test is never skipped, left for later, or run alone',
    pattern: /\b(?:it|describe)\.(?:skip|todo|only)\b|\bxit\(|\bxdescribe\(/,
    applies: isTest,
  },
  {
    says: 'a test never sleeps to wait: use an injected clock, an event, or poll a condition with a deadline',
    pattern: /new Promise\(\(?\w*\)?\s*=>\s*setTimeout\(|\bsleep\(/,
    applies: isTest,
  },
];

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
  .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
  .filter((file) => !/(^|\/)(node_modules|dist|gen)\//.test(file) && file !== 'tools/conventions.ts');

const broken = files.flatMap((file) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  return rules.filter((rule) => rule.applies(file) && rule.pattern.test(text)).map((rule) => `${file}: ${rule.says}`);
});
const problems = [...broken, ...mapProblems(root)];
for (const line of problems) process.stderr.write(`conventions: ${line}\n`);
process.stdout.write(`conventions: ${files.length} files, ${problems.length} wrong\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
