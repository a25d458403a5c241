import type { Headers } from './hpack-decoder.ts';
import type { Setting } from './settings.ts';
import type { Http2Stream } from './stream.ts';

/** What a connection may take, and whom it tells of what. */
export type Http2Options = {
  /** Serves a stream that the peer has opened; set its sink. Without it this end is a client. */
  accept?: (stream: Http2Stream, headers: Headers) => void;
  /** Longest list of headers taken. */
  maxHeaderBytes: number;
  /** Streams the peer may have open. */
  maxStreams: number;
  /** Bytes a stream, and the connection, may have under way towards us. */
  streamWindow: number;
  connectionWindow: number;
  /** Told once, when nothing more will come: why, where it was not meant to end. */
  closed(error: Error | undefined): void;
  /** Told when the peer's first settings, and when its wish to go, have come. */
  ready?(): void;
  goingAway?(): void;
  /** Said to the peer beside our own settings. */
  settings?: readonly Setting[];
  /** Told of the peer's settings that HTTP/2 knows nothing of. */
  otherSetting?(name: number, value: number): void;
  /** Told when there may be room for another stream of ours. */
  freed?(): void;
};
