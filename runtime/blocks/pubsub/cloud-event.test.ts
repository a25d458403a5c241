import { describe, expect, it } from '#kit/testing/test.ts';
import { cloudEvent, type Publication } from './cloud-event.ts';

const world = { now: () => Date.UTC(2030, 0, 2, 3, 4, 5), id: () => 'made' };

function eventOf(data: string | Uint8Array, contentType: string, extra: Partial<Publication> = {}): string {
  const publication: Publication = {
    data: typeof data === 'string' ? Buffer.from(data) : data,
    contentType,
    topic: 'orders',
    pubsubName: 'broker',
    source: 'shop',
    metadata: {},
    trace: { parent: '00-a-b-01', state: 's=1' },
    lifeMs: undefined,
    ...extra,
  };
  return cloudEvent(publication, world).toString();
}

describe('cloudEvent', () => {
  it('wraps text with the attributes that Dapr writes', () => {
    expect(JSON.parse(eventOf('hello', ''))).toEqual({
      data: 'hello',
      datacontenttype: 'text/plain',
      id: 'made',
      pubsubname: 'broker',
      source: 'shop',
      specversion: '1.0',
      time: '2030-01-02T03:04:05Z',
      topic: 'orders',
      traceid: '00-a-b-01',
      traceparent: '00-a-b-01',
      tracestate: 's=1',
      type: 'com.dapr.event.sent',
    });
  });

  it('keeps JSON byte for byte, and takes what is no JSON for text', () => {
    expect(eventOf('{"n": 9007199254740993}', 'application/json; charset=utf-8')).toContain(
      '"data":{"n": 9007199254740993}',
    );
    expect(JSON.parse(eventOf('{oops', 'application/json')).data).toBe('{oops');
  });

  it('puts binary data into data_base64', () => {
    const event = JSON.parse(eventOf(Uint8Array.of(0, 255), 'application/octet-stream'));
    expect([event.data_base64, 'data' in event]).toEqual(['AP8=', false]);
  });

  it('lets metadata override attributes in any case', () => {
    const metadata = {
      'CloudEvent.ID': 'x',
      'cloudevent.source': 'me',
      'cloudevent.type': 't',
      'cloudevent.subject': 'sub',
      'cloudevent.traceparent': 'tp',
    };
    expect(JSON.parse(eventOf('a', 'text/plain', { metadata }))).toMatchObject({
      id: 'x',
      source: 'me',
      type: 't',
      subject: 'sub',
      traceid: 'tp',
      traceparent: 'tp',
    });
  });

  it('adopts a CloudEvent, with its own attributes and data byte for byte', () => {
    const own = '{"id":"1","source":"me","type":"t","topic":"other","data":{"n":12345678901234567890},"ext":5}';
    const text = eventOf(own, 'application/cloudevents+json');
    expect(text).toContain('"data":{"n":12345678901234567890}');
    expect(JSON.parse(text)).toMatchObject({
      id: '1',
      source: 'me',
      type: 't',
      topic: 'orders',
      pubsubname: 'broker',
      specversion: '1.0',
      ext: 5,
      traceid: '00-a-b-01',
    });
  });

  it.each(['', 'null', '[]', '{'])('refuses %p as a CloudEvent', (text) => {
    expect(() => eventOf(text, 'application/cloudevents+json')).toThrow();
  });

  it('writes when an event expires, where the broker does not see to it', () => {
    expect(JSON.parse(eventOf('a', '', { lifeMs: 60_000 })).expiration).toBe('2030-01-02T03:05:05Z');
  });
});
