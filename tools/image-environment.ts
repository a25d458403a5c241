import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The environment that every image of the Dockerfile sets. */
export function imageEnvironment(): Record<string, string> {
  const dockerfile = readFileSync(path.resolve(import.meta.dirname, '../Dockerfile'), 'utf8');
  const line = /^FROM node AS outrigger\nENV (.*)$/m.exec(dockerfile)?.[1] ?? '';
  const pairs = line.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g);
  return Object.fromEntries([...pairs].map(([, name, quoted, bare]) => [name, quoted ?? bare ?? '']));
}
