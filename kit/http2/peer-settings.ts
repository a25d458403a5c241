import type { Output } from './output.ts';
import { setting } from './protocol.ts';
import type { Sender, SendFlow } from './send-flow.ts';
import type { Setting } from './settings.ts';

/** What the settings of a peer change at our end. */
export type Settled = {
  readonly flow: SendFlow;
  readonly output: Output;
  /** The streams under way. */
  streams(): readonly Sender[];
  /** How many streams of ours the peer takes at once. */
  streamsAllowed(most: number): void;
  /** Told of settings that HTTP/2 knows nothing of. */
  other?: ((name: number, value: number) => void) | undefined;
};

/** Follows a setting of the peer's. Throws `ConnectionError` for one out of range. Source: RFC 9113, section 6.5.2. */
export function followSetting([name, value]: Setting, { flow, output, streams, streamsAllowed, other }: Settled): void {
  switch (name) {
    case setting.headerTableSize:
      output.tableLimited();
      break;
    case setting.maxConcurrentStreams:
      streamsAllowed(value);
      break;
    case setting.initialWindowSize:
      flow.setStreamWindow(value, streams());
      break;
    case setting.maxFrameSize:
      flow.setFrameBytes(value);
      break;
    default:
      other?.(name, value);
  }
}
