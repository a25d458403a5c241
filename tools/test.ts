/**
 * Runs every test in the order of the pyramid and ends with the plain line `N passed, N failed`.
 * Usage: node tools/test.ts [check] [unit] [it] [e2e]   (default: all)
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';

const root = path.resolve(import.meta.dirname, '..');
const suites = ['unit', 'it', 'e2e'] as const;
const asked = process.argv.slice(2);
const wanted = (name: string) => asked.length === 0 || asked.includes(name);
const reports = mkdtempSync(path.join(tmpdir(), 'outrigger-tests-'));
const total = { passed: 0, failed: 0 };
const failures: string[] = [];
const seconds = (since: number) => `${((Date.now() - since) / 1000).toFixed(0)} s`;

function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.on('close', (code) => resolve(code ?? 1));
    child.on('error', () => resolve(1));
  });
}

type Report = {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
};

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** What failed, a line each: the file, the test and the first line of its reason. */
function failuresOf(report: Report): string[] {
  const line = (file: string, name: string, reason = '') =>
    `${path.relative(root, file)} › ${name}: ${stripVTControlCharacters(reason).trim().split('\n')[0]}`;
  return report.testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      if (failed.length === 0) return [line(name, 'could not be run', message)];
      return failed.map(({ fullName, failureMessages }) => line(name, fullName, failureMessages[0]));
    });
}

/** What tests run on is there before their time limits run: only on a new machine this takes long. */
async function havePrograms(): Promise<void> {
  process.stdout.write('\n== programs that the tests run on\n');
  if ((await run(process.execPath, ['e2e/programs.ts'])) === 0) return;
  total.failed += 1;
  failures.push('node e2e/programs.ts');
}

async function runSuite(suite: (typeof suites)[number]): Promise<void> {
  const report = path.join(reports, `${suite}.json`);
  const flags = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
  const serial = suite === 'unit' ? ['--silent'] : ['--runInBand'];
  const code = await run(process.execPath, [...flags, ...serial, '--json', `--outputFile=${report}`], {
    OUTRIGGER_TESTS: suite,
  });
  const told = readReport(report);
  const failed = told ? told.numFailedTests + told.numRuntimeErrorTestSuites : 0;
  total.passed += told?.numPassedTests ?? 0;
  total.failed += code !== 0 && failed === 0 ? 1 : failed;
  if (told) failures.push(...failuresOf(told));
  if (code !== 0 && failed === 0) failures.push(`the ${suite} tests ended with exit code ${code}`);
}

async function runChecks(): Promise<void> {
  const checks = [
    ['npx', '--no-install', 'tsc', '-p', '.'],
    ['npx', '--no-install', 'biome', 'check', '--error-on-warnings', '.'],
    [process.execPath, 'tools/arrows.ts'],
    [process.execPath, 'tools/conventions.ts'],
    [process.execPath, 'tools/fresh.ts'],
  ] as const;
  for (const [command, ...args] of checks) {
    const code = await run(command, args);
    if (code === 0) total.passed += 1;
    else {
      total.failed += 1;
      failures.push([command, ...args].join(' ').replace(process.execPath, 'node'));
    }
  }
}

const started = Date.now();
if (wanted('check')) await runChecks();
for (const suite of suites) {
  if (!wanted(suite)) continue;
  if (suite === 'it') await havePrograms();
  const since = Date.now();
  process.stdout.write(`\n== ${suite} tests\n`);
  await runSuite(suite);
  process.stdout.write(`== ${suite} tests took ${seconds(since)}\n`);
}
if (failures.length > 0) process.stdout.write(`\nfailed:\n${failures.map((failure) => `  ${failure}\n`).join('')}`);
rmSync(reports, { recursive: true, force: true });
process.stdout.write(`\nall tests took ${seconds(started)}\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
