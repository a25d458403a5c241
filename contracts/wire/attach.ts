import type { Logger } from '#kit/log/logger.ts';
import type { Metadata } from '../component.ts';

/** What it takes to make an object of the component behind a transport. */
export type AttachOptions = {
  /** Settings for Init, as the manifest has them, secrets resolved. */
  properties: Metadata;
  /** Told when a stream of the component is lost and opened again. */
  log: Logger;
  /** Ends the attempt to attach. */
  signal?: AbortSignal | undefined;
};
