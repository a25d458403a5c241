import packet from 'dns-packet';
import { describe, expect, it } from '#kit/testing/test.ts';
import { announcement, readAnnouncements } from './mdns-records.ts';

const self = { appId: 'Shop', namespace: 'default', address: '10.0.0.1', port: 50_002 };

function throughTheWire(ttl: number, address = self.address) {
  const encoded = packet.encode({ type: 'response', ...(announcement({ ...self, address }, 'abc', ttl) as object) });
  return readAnnouncements(packet.decode(encoded));
}

describe('an mDNS announcement', () => {
  it('tells app and address to who reads it off the wire', () => {
    expect(throughTheWire(120)).toEqual([{ appId: 'Shop', address: '10.0.0.1:50002', gone: false }]);
    expect(throughTheWire(120, 'fd00::1')).toEqual([{ appId: 'Shop', address: '[fd00::1]:50002', gone: false }]);
  });

  it('is taken back by a time to live of 0', () => {
    expect(throughTheWire(0)).toEqual([{ appId: 'Shop', address: '10.0.0.1:50002', gone: true }]);
  });

  it('is passed over when it is not of an app', () => {
    expect(
      readAnnouncements({
        answers: [{ type: 'SRV', name: 'x._http._tcp.local', ttl: 1, data: { port: 1, target: 'h.local' } }],
      }),
    ).toEqual([]);
  });
});
