import { createWriteStream } from 'node:fs';
import process from 'node:process';
import { runBinary } from '#kit/lifecycle/binary.ts';
import { keepHeapSmall } from '#kit/lifecycle/heap.ts';
import { daprVersion, version } from '#kit/version.ts';
import { runSidecar } from './app.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

// Nothing is awaited at the top: the image's snapshot has this as CommonJS, where a module cannot wait.
const { argv, env } = process;
const logFile = argv.map((word) => /^--?log-file=(.+)$/.exec(word)?.[1]).findLast(Boolean);
const question = argv.map((word) => /^--?explain=(.+)$/s.exec(word)?.[1]).findLast(Boolean);
const stdout = logFile === undefined ? process.stdout : createWriteStream(logFile, { flags: 'a' });

if (argv.some((word) => /^--?build-info$/.test(word))) {
  process.stdout.write(`Version: ${daprVersion}\nGit Commit: outrigger-${version}\nGit Version: ${version}\n`);
} else if (question !== undefined) {
  void explain(question);
} else {
  keepHeapSmall();
  void runBinary(
    {
      name: 'daprd',
      fatalName: 'runtime',
      summary: "the sidecar: Dapr's APIs for the app beside it",
      version: daprVersion,
      flags,
      scope: 'dapr.runtime',
      configure,
      logging: ({ log, appId }) => ({ level: log.level, json: log.json, fields: { app_id: appId } }),
      run: runSidecar,
    },
    {
      argv: argv.slice(2),
      env,
      stdout,
      stderr: process.stderr,
      exit: (code) => process.exit(code),
      on: (event, listener) => process.on(event, listener),
    },
  );
}

async function explain(asked: string): Promise<void> {
  const { answerQuestion } = await import('./policy/answer-question.ts');
  const { text, code } = await answerQuestion(asked === '-' ? await allOf(process.stdin) : asked, env);
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exitCode = code;
}

async function allOf(stream: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString();
}
