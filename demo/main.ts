/**
 * Shows the main job on a real Kubernetes: install, annotate, apply. Usage: node demo/main.ts up|down
 * With KUBECONFIG and REGISTRY set it uses that cluster and pushes its images there.
 */
import process from 'node:process';
import { progress } from '#e2e/progress.ts';
import { down } from './down.ts';
import { up } from './up.ts';

const command = { up, down }[process.argv[2] ?? ''];
if (command) {
  await command(progress(process.stdout)).catch((error: unknown) => {
    process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
} else {
  process.stderr.write('usage: node demo/main.ts up|down\n');
  process.exitCode = 2;
}
