import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { group, type Kind as ResourceKind } from '#crds/kind.ts';
import { fault, toFault } from '#kit/errors/fault.ts';
import { watchDirectories } from '#kit/files/watch.ts';
import { daprResources } from '#kit/kube/resource.ts';
import type { Logger } from '#kit/log/logger.ts';
import { nearest } from '#kit/values/nearest.ts';
import { indentQuoted } from './quoted-lines.ts';
import type { Relisted, Resource, ResourceSource } from './source.ts';

/** Editors and kubelet write in several steps. */
const settleMs = 100;

export type FileSourceOptions = {
  folders: readonly string[];
  /** Undefined: resources of every namespace count. */
  namespace: string | undefined;
  log: Logger;
};

const kindNames = Object.values(daprResources).map(({ kind }) => kind);

type Manifest = { file: string; content: Record<string, unknown> };

/**
 * Resources in the `.yaml` and `.yml` files of folders, not of folders in them: files by name, documents in their order.
 * A document that cannot be read is logged and left out. Folders are read once for all that is listed, which is what a
 * sidecar starts with, and anew for each relist.
 */
export function fileSource({ folders, namespace, log: given }: FileSourceOptions): ResourceSource {
  const log = warnedOnce(given);
  const readManifests = manifestReader(folders, log);
  const of = <T extends Resource>(kind: ResourceKind<T>, { manifests, broken }: Read): Relisted<T> => {
    const resources: T[] = [];
    let complete = broken === 0;
    for (const { file, content } of manifests) {
      if (content['kind'] !== kind.kind) continue;
      const resource = parse(kind, file, content, log);
      if (resource === undefined) complete = false;
      else if (ofNamespace(resource, namespace)) resources.push(resource);
    }
    return { resources, complete };
  };
  let first: Read | undefined;
  return {
    async list(kind) {
      first ??= readManifests();
      return of(kind, first).resources;
    },
    relist: async (kind) => of(kind, readManifests()),
    watch: (_kind, changed, signal) => watchDirectories(folders, () => changed(), { settleMs, signal }),
    async [Symbol.asyncDispose]() {},
  };
}

/** A log that gives the same warning once: folders are read for each kind, and what is wrong in them stays wrong. */
function warnedOnce(log: Logger): Logger {
  const told = new Set<string>();
  return {
    ...log,
    warn(message, fields) {
      if (told.has(message)) return;
      told.add(message);
      log.warn(message, fields);
    },
  };
}

function ofNamespace({ metadata }: Resource, namespace: string | undefined): boolean {
  return namespace === undefined || !metadata.namespace || metadata.namespace === namespace;
}

function parse<T>(kind: ResourceKind<T>, file: string, content: unknown, log: Logger): T | undefined {
  try {
    return kind.parse(content);
  } catch (thrown) {
    log.warn(`A resource in ${file} is left out: ${toFault(thrown).message}`);
    return undefined;
  }
}

type Read = { manifests: Manifest[]; broken: number };

type Parsed = { text: string; read: Read };

/**
 * Reads folders again and again: each kind of resource looks for its own in all of them. A text is parsed once for as
 * long as it stays the same. Reading waits for the disk, as for so small files the way through a thread takes longer.
 */
function manifestReader(folders: readonly string[], log: Logger): () => Read {
  let known = new Map<string, Parsed>();
  return () => {
    const files = folders.flatMap(manifestsIn).map((file): [string, Parsed] => {
      const text = readFileSync(file, 'utf8');
      const before = known.get(file);
      return [file, before?.text === text ? before : { text, read: readDocuments(file, text, log) }];
    });
    known = new Map(files);
    return joined(files.map(([, { read }]) => read));
  };
}

const joined = (parts: readonly Read[]): Read => ({
  manifests: parts.flatMap(({ manifests }) => manifests),
  broken: parts.reduce((sum, { broken }) => sum + broken, 0),
});

function manifestsIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /\.ya?ml$/i.test(entry.name))
      .map(({ name }) => path.join(folder, name))
      .sort();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw fault('invalid-config', `cannot read the resources folder ${folder}: ${code}`, { cause });
  }
}

const hasErrors = (document: object): boolean => 'errors' in document && (document.errors as []).length > 0;

/** A key that is there twice counts as it stands last, as in Dapr. */
const lenient = { uniqueKeys: false };

function read(text: string): ReturnType<typeof parseAllDocuments> {
  const found = parseAllDocuments(text, lenient);
  return found.some(hasErrors) ? parseAllDocuments(indentQuoted(text), lenient) : found;
}

const topKeys = ['apiVersion', 'kind', 'metadata', 'spec', 'scopes', 'auth'];

/** Dapr takes the fields of a manifest in any case of letters: `Kind` is as good as `kind`. */
function withKnownKeys(content: object): Record<string, unknown> {
  const known = new Map(topKeys.map((key) => [key.toLowerCase(), key]));
  return Object.fromEntries(
    Object.entries(content).map(([key, value]) => [known.get(key.toLowerCase()) ?? key, value]),
  );
}

/** What a document holds, or why it cannot be read: aliases are resolved only here, and may lead nowhere. */
function contentOf(document: ReturnType<typeof parseAllDocuments>[number]): unknown {
  if ('errors' in document && document.errors.length > 0) return document.errors[0];
  try {
    return document.toJS();
  } catch (thrown) {
    return thrown;
  }
}

/** The manifests of a text of one or more YAML documents, and how many could not be read, which are logged. */
export function readDocuments(file: string, text: string, log: Logger): Read {
  const manifests: Manifest[] = [];
  let broken = 0;
  for (const document of read(text)) {
    const content = contentOf(document);
    if (content instanceof Error) {
      log.warn(`A document in ${file} is left out: ${content.message.split('\n')[0]}`);
      broken += 1;
    } else if (typeof content === 'object' && content !== null) {
      const manifest = { file, content: withKnownKeys(content) };
      warnOfUnknownKind(manifest, log);
      manifests.push(manifest);
    }
  }
  return { manifests, broken };
}

/** Files may hold what is meant for others, but not under our group. */
function warnOfUnknownKind({ file, content: { apiVersion, kind } }: Manifest, log: Logger): void {
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith(`${group}/`)) return;
  if (typeof kind === 'string' && kindNames.includes(kind)) return;
  const near = typeof kind === 'string' ? nearest(kind, kindNames) : undefined;
  const hint = near === undefined ? `it has ${kindNames.join(', ')}` : `did you mean ${near}?`;
  log.warn(`A document in ${file} is left out: ${group} has no kind "${String(kind)}"; ${hint}`);
}
