import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import makeMdns, { type MulticastDNS } from 'multicast-dns';
import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import type { NameInstance, NameResolver } from '#contracts/names.ts';
import { fault } from '#kit/errors/fault.ts';
import { type AddressBook, createAddressBook } from './address-book.ts';
import { announcement, readAnnouncements, serviceName } from './mdns-records.ts';

/** How long a first look-up waits for an answer, in ms; Dapr's own. */
const firstAnswerMs = 1_000;
/** A query that nobody answered yet is repeated, as packets get lost. */
const askAgainMs = 250;
/** How long an address is believed after it was last heard of, in ms. */
const believedMs = 60_000;
/** How often the apps in use are asked for again, so that new instances are found. */
const refreshMs = 30_000;

export const component = defineComponent({
  type: 'nameresolution.mdns',
  versions: ['v1'],
  title: 'mDNS',
  description:
    'Finds apps on the local network by multicast DNS, with nothing to set up. The default outside Kubernetes.',
  settings: z.object({}),
  open: async (_settings, context) => createMdnsNames(makeMdns(), context),
});

/** Built over a multicast socket, which it owns. */
export function createMdnsNames(mdns: MulticastDNS, { log }: Pick<OpenContext, 'log'>): NameResolver {
  const book = createAddressBook(believedMs, Date.now);
  const waiting = new Map<string, Promise<readonly string[]>>();
  const own: NameInstance[] = [];
  const instance = randomBytes(6).toString('hex');

  mdns.on('error', (error: Error) => log.warn(`mDNS socket: ${error.message}`));
  mdns.on('warning', (error: Error) => log.debug(`mDNS packet ignored: ${error.message}`));
  mdns.on('response', (packet) => {
    for (const { appId, address, gone } of readAnnouncements(packet)) {
      if (gone) book.forget(appId, address);
      else book.heard(appId, address);
    }
  });
  mdns.on('query', (packet) => {
    for (const self of own) {
      if (packet.questions?.some((question) => question.name.toLowerCase() === serviceName(self.appId).toLowerCase())) {
        mdns.respond(announcement(self, instance, 120));
      }
    }
  });
  const refresh = setInterval(() => {
    for (const appId of book.apps()) ask(mdns, appId);
  }, refreshMs).unref();
  const stop = stopper(mdns, own, instance, refresh);

  return {
    async announce(self) {
      own.push(self);
      book.pin(self.appId, address(self));
      mdns.respond(announcement(self, instance, 120));
      log.info(`local service entry announced: ${self.appId} -> ${address(self)}`);
    },
    async resolve({ appId }) {
      const known = book.addresses(appId);
      if (known.length > 0) return known;
      const asked = waiting.get(appId) ?? firstAnswer(mdns, book, appId).finally(() => waiting.delete(appId));
      waiting.set(appId, asked);
      return asked;
    },
    [Symbol.asyncDispose]: stop,
  };
}

function address(self: NameInstance): string {
  return isIPv6(self.address) ? `[${self.address}]:${self.port}` : `${self.address}:${self.port}`;
}

function ask(mdns: MulticastDNS, appId: string): void {
  mdns.query([{ name: serviceName(appId), type: 'PTR' }]);
}

/** Asks until somebody answers; all who ask meanwhile share the one question. */
function firstAnswer(mdns: MulticastDNS, book: AddressBook, appId: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const again = setInterval(() => ask(mdns, appId), askAgainMs);
    const giveUp = setTimeout(() => {
      done();
      reject(fault('app-not-found', `couldn't find service: ${appId}`));
    }, firstAnswerMs);
    const stopListening = book.onHeard(appId, () => {
      done();
      resolve(book.addresses(appId));
    });
    const done = (): void => {
      clearInterval(again);
      clearTimeout(giveUp);
      stopListening();
    };
    ask(mdns, appId);
  });
}

/** Says goodbye for what was announced, then closes the socket; once, however often it is called. */
function stopper(
  mdns: MulticastDNS,
  own: NameInstance[],
  instance: string,
  refresh: NodeJS.Timeout,
): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  const goodbye = (self: NameInstance) =>
    new Promise<void>((resolve) => mdns.respond(announcement(self, instance, 0), () => resolve()));
  return () => {
    stopped ??= (async () => {
      clearInterval(refresh);
      await Promise.all(own.splice(0).map(goodbye));
      await new Promise<void>((resolve) => mdns.destroy(() => resolve()));
    })();
    return stopped;
  };
}
