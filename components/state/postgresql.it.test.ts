import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openComponent } from '#contracts/component.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { stateConformance } from '#contracts/conformance/state.ts';
import { authority } from '#e2e/cluster/authority.ts';
import { type Postgres, startPostgres } from '#e2e/postgres.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './postgresql.ts';

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    { connectionString: server.connectionString, ...metadata },
    { name: 'store', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

stateConformance('state.postgresql', () => open());

describe('state.postgresql', () => {
  const value = new TextEncoder().encode('x');

  it('keeps tables of other prefixes apart', async () => {
    await using one = await open({ tablePrefix: 'one_' });
    await using two = await open({ tablePrefix: 'two_' });
    await one.set({ key: 'k', value });
    expect(await two.get({ key: 'k' })).toBeUndefined();
  });

  it('leaves everything as it was when one etag of a transaction is stale', async () => {
    await using store = await open();
    await store.set({ key: 'tx-a', value });
    const stale = '00000000-0000-4000-8000-000000000000';
    const operations = [
      { kind: 'delete', key: 'tx-a' },
      { kind: 'set', key: 'tx-b', value, etag: stale },
    ] as const;
    await expect(store.transact!({ operations })).rejects.toMatchObject({ key: 'state-etag-mismatch' });
    expect(await store.get({ key: 'tx-a' })).toBeDefined();
  });

  it('works without prepared statements, and by an address in place of a name', async () => {
    await using store = await open({ queryExecMode: 'exec', host: 'db.example', hostaddr: '127.0.0.1' });
    await store.set({ key: 'unprepared', value });
    expect(Buffer.from((await store.get({ key: 'unprepared' }))!.data).toString()).toBe('x');
  });

  it('says what it does not offer, where that is asked for', async () => {
    await expect(open({ useAWSIAM: 'true' })).rejects.toThrow('useAWSIAM: not offered here: logging in by AWS IAM');
    await using _store = await open({ useAWSIAM: 'false' });
  });

  it('names the server that cannot be reached, and no password', async () => {
    const refused = open({ connectionString: 'postgres://me:hidden@127.0.0.1:1/db' });
    await expect(refused).rejects.toThrow('cannot connect to postgresql at 127.0.0.1:1');
    await expect(refused).rejects.not.toThrow('hidden');
  });

  it('refuses a prefix that is no name', async () => {
    await expect(open({ tablePrefix: 'a; DROP TABLE x' })).rejects.toThrow(
      'tablePrefix: "a; DROP TABLE x" must be of letters',
    );
  });
});

describe('state.postgresql with TLS', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-postgres-tls-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('encrypts where the server can, and checks it where it is told to', async () => {
    const [known, other] = [await authority(join(folder, 'known')), await authority(join(folder, 'other'))];
    const hosts = ['127.0.0.1', 'db.example'];
    await using own = await startPostgres({ tls: await known.issue('postgres', { user: 'postgres', hosts }) });
    const works = async (metadata: Record<string, string>) => {
      await using store = await open({ connectionString: own.connectionString, ...metadata });
      await store.set({ key: 'k', value: new Uint8Array() });
    };
    await works({});
    await works({ connectionString: `${own.connectionString} sslmode=require` });
    await works({ sslRootCert: known.ca });
    await works({ sslRootCert: known.ca, host: 'db.example', hostaddr: '127.0.0.1' });
    await expect(works({ sslRootCert: other.ca })).rejects.toThrow(/self.signed|unable to verify|certificate/);
    await expect(works({ sslRootCert: known.ca, host: 'db.other', hostaddr: '127.0.0.1' })).rejects.toThrow('altnames');
    await expect(works({ connectionString: `${own.connectionString} sslmode=verify-full` })).rejects.toThrow(
      /self.signed|unable to/,
    );
    await expect(works({ connectionString: `${own.connectionString} sslmode=disable` })).rejects.toThrow(
      'no encryption',
    );
  });

  it('says that a server has none where it must', async () => {
    const asked = open({ connectionString: `${server.connectionString} sslmode=require` });
    await expect(asked).rejects.toThrow('the server does not offer TLS');
  });
});

outageConformance('state.postgresql', {
  server: () => server,
  open,
  use: async (store) => {
    await store.set({ key: 'outage', value: new Uint8Array() });
    await store.get({ key: 'outage' });
  },
});
