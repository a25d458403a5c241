import type { Http2Options } from './options.ts';
import type { Output } from './output.ts';
import { defaultWindow, frameType, mostFrameBytes, setting } from './protocol.ts';
import { encodeSettings, type Setting } from './settings.ts';

const clientPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** What either end says before all else: a client's preface, settings, and the window of the connection. */
export function sendOpening(output: Output, options: Http2Options): void {
  const { accept, maxStreams, maxHeaderBytes, streamWindow, connectionWindow } = options;
  if (accept === undefined) output.raw(clientPreface);
  const settings: Setting[] = [
    [setting.initialWindowSize, streamWindow],
    [setting.maxFrameSize, mostFrameBytes],
    [setting.maxHeaderListSize, maxHeaderBytes],
    accept === undefined ? [setting.enablePush, 0] : [setting.maxConcurrentStreams, maxStreams],
    ...(options.settings ?? []),
  ];
  output.frame(frameType.settings, 0, 0, encodeSettings(settings));
  const more = connectionWindow - defaultWindow;
  if (more > 0) output.number(frameType.windowUpdate, 0, more);
}
