import { Option } from 'commander';
import { outputFormats } from './format.ts';

/** `-o, --output`, which every command has that prints a listing. */
export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'how to print').choices(outputFormats).default('table');
