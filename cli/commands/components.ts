import type { Command } from 'commander';
import { components } from '#components/index.ts';
import type { Component } from '#contracts/component.ts';
import { describeSettings } from '#contracts/describe-settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { nearest } from '#kit/values/nearest.ts';
import { type Column, formatRows, type OutputFormat } from '../output/format.ts';
import { outputOption } from '../output/option.ts';
import { table } from '../output/table.ts';
import type { CliWorld } from '../world.ts';

type Listed = { type: string; version: string; title: string; description: string };

const columns: readonly Column<Listed>[] = [
  { title: 'TYPE', value: (row) => row.type },
  { title: 'VERSION', value: (row) => row.version },
  { title: 'TITLE', value: (row) => row.title },
];

/** `outrigger components`: what there is to put into a Component, and with which metadata. */
export function addComponents(program: Command, world: CliWorld): void {
  const parent = program.command('components').description('list and describe the components that come with Outrigger');
  parent
    .command('list', { isDefault: true })
    .description('list every type of component')
    .addOption(outputOption())
    .action(async ({ output: format }: { output: OutputFormat }) => {
      world.stdout.write(await formatRows(format, await listed(), columns));
    });
  parent
    .command('describe')
    .description('show the metadata of a type')
    .argument('<type>', 'such as state.redis')
    .addOption(outputOption())
    .action(async (type: string, { output: format }: { output: OutputFormat }) => {
      world.stdout.write(await described(type, format));
    });
}

async function listed(): Promise<Listed[]> {
  const rows = await Promise.all(
    Object.entries(components).map(async ([key, load]) => {
      const { title, description } = await load();
      const [type = '', version = ''] = key.split('/');
      return { type, version, title, description };
    }),
  );
  return rows.sort((a, b) => (a.type < b.type ? -1 : 1));
}

async function described(type: string, format: OutputFormat): Promise<string> {
  const component = await find(type);
  const settings = describeSettings(component.settings);
  if (format !== 'table') return formatRows(format, [{ ...facts(component), settings }], []);
  const rows = settings.map((one) => [one.name, one.form, one.required ? 'required' : one.default, one.description]);
  const metadata =
    rows.length === 0 ? 'It takes no metadata.\n' : table(['METADATA', 'FORM', 'DEFAULT', 'MEANING'], rows);
  const others = otherVersions(component);
  const seeAlso = others.length === 0 ? '' : `\nOther versions: ${others.join(', ')}\n`;
  return `${component.title} (${component.type}, ${component.versions.join(', ')})\n${component.description}\n\n${metadata}${seeAlso}`;
}

/** Versions that are components of their own, as `type/version`. */
const otherVersions = ({ type, versions }: Component): string[] =>
  Object.keys(components).filter((key) => {
    const [of, version = ''] = key.split('/');
    return of === type && !versions.includes(version);
  });

const facts = ({ type, versions, title, description }: Component) => ({ type, versions, title, description });

async function find(type: string): Promise<Component> {
  const keys = Object.keys(components);
  const key = keys.find((one) => one === type.toLowerCase() || one.split('/')[0] === type.toLowerCase());
  if (key !== undefined) return components[key]!();
  const near = nearest(
    type,
    keys.map((one) => one.split('/')[0]!),
  );
  throw fault(
    'not-found',
    `there is no component "${type}"${near === undefined ? ':' : `; did you mean ${near}?`} 'outrigger components' lists all`,
  );
}
