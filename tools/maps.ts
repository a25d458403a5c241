import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Folders that are explained where they are used. */
const unmapped = new Set(['.ci', 'node_modules', 'dist', 'coverage', '.git']);

/**
 * What READMEs fail to tell, a line each: a top folder without one, a folder within it that it does not name, a decision
 * that the list of decisions lacks, a link that leads nowhere.
 */
export function mapProblems(root: string): string[] {
  const tops = foldersOf(root).filter((name) => !unmapped.has(name));
  return [
    ...tops.flatMap((top) => unnamed(root, top)),
    ...unlisted(path.join(root, 'docs/adr')).map((file) => `docs/adr/README.md: does not list ${file}`),
    ...pagesOf(root).flatMap((page) => deadLinks(root, page)),
  ];
}

const foldersOf = (place: string): string[] =>
  readdirSync(place, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

function unnamed(root: string, top: string): string[] {
  const readme = path.join(root, top, 'README.md');
  if (!existsSync(readme)) return [`${top}/: has no README.md that says what is where`];
  const text = readFileSync(readme, 'utf8');
  return foldersOf(path.join(root, top))
    .filter((name) => !text.includes(`${name}/`))
    .map((name) => `${top}/README.md: does not say what ${name}/ is`);
}

function unlisted(folder: string): string[] {
  const text = readFileSync(path.join(folder, 'README.md'), 'utf8');
  return readdirSync(folder).filter((file) => /^\d{4}-/.test(file) && !text.includes(`(${file})`));
}

/** Pages of ours: those beside the root and in the top folders, and all of docs/ but what is generated. */
const pagesOf = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.md') && !/(^|\/)(node_modules|dist|testdata|docs\/(components|kinds|flags))\//.test(file),
  );

function deadLinks(root: string, page: string): string[] {
  const text = readFileSync(path.join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1]!)
    .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(path.resolve(root, path.dirname(page), link)))
    .map((link) => `${page}: links to ${link}, which is not there`);
}
