import { isStream } from '../invoke/message.ts';
import type { AppChannel } from './channel.ts';

/** Who watches the calls of a channel that speaks HTTP. */
export type ChannelWatch = {
  /** `path` as the app sees it, without query; status 500 where there was no answer; sizes as far as they are announced. */
  called(call: ChannelCall): void;
  probed(status: number, milliseconds: number): void;
};

export type ChannelCall = {
  verb: string;
  path: string;
  status: number;
  requestBytes: number;
  responseBytes: number;
  milliseconds: number;
};

/** Tells of every call and probe of a channel. */
export function watchedChannel(channel: AppChannel, watch: ChannelWatch): AppChannel {
  return {
    protocol: channel.protocol,
    async invoke(call, signal) {
      const began = performance.now();
      const told: ChannelCall = {
        verb: call.verb,
        path: call.method.startsWith('/') ? call.method : `/${call.method}`,
        status: 500,
        requestBytes: isStream(call.body) ? 0 : call.body.length,
        responseBytes: 0,
        milliseconds: 0,
      };
      try {
        const answer = await channel.invoke(call, signal);
        told.status = answer.status;
        told.responseBytes = isStream(answer.body) ? Number(answer.headers['content-length'] ?? 0) : answer.body.length;
        return answer;
      } finally {
        told.milliseconds = performance.now() - began;
        watch.called(told);
      }
    },
    async probe(path, timeoutMs) {
      const began = performance.now();
      const result = await channel.probe(path, timeoutMs);
      watch.probed(result.status, performance.now() - began);
      return result;
    },
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}
