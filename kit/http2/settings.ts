import { ConnectionError, errorCode } from './protocol.ts';

const settingBytes = 6;

export type Setting = readonly [name: number, value: number];

/** The payload of SETTINGS. */
export function encodeSettings(settings: readonly Setting[]): Buffer {
  const payload = Buffer.alloc(settings.length * settingBytes);
  for (const [i, [name, value]] of settings.entries()) {
    payload.writeUInt16BE(name, i * settingBytes);
    payload.writeUInt32BE(value, i * settingBytes + 2);
  }
  return payload;
}

export function decodeSettings(payload: Buffer): Setting[] {
  if (payload.length % settingBytes !== 0) {
    throw new ConnectionError(errorCode.frameSizeError, 'settings that are cut off');
  }
  const settings: Setting[] = [];
  for (let at = 0; at < payload.length; at += settingBytes) {
    settings.push([payload.readUInt16BE(at), payload.readUInt32BE(at + 2)]);
  }
  return settings;
}
