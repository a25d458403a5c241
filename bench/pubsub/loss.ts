/**
 * Sends messages through a sidecar and a broker that are killed again and again, and tells how many were lost and how
 * many came more than once. Exits 1 when one was lost. PEER_DAPRD names a daprd to do it to instead of ours.
 * Usage: node bench/pubsub/loss.ts [--broker=redis] [--messages=1000000] [--kills=20] [--restarts=3]
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ownSubject, peerSubject } from '../sidecar/subject.ts';
import { brokerNamed } from './brokers.ts';
import { lose } from './lose.ts';

const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: 'redis' },
    messages: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '20' },
    restarts: { type: 'string', default: '3' },
  },
});
const peer = process.env['PEER_DAPRD'];
const subject = peer ? peerSubject(peer) : ownSubject();
const [messages, kills, restarts] = [Number(values.messages), Number(values.kills), Number(values.restarts)];
const say = (line: string) => process.stderr.write(`loss: ${line}\n`);
const loss = await lose({ broker: brokerNamed(values.broker), subject, messages, kills, restarts, say });
process.stdout.write(
  `${subject.name} on ${values.broker}: ${messages} messages, sidecar killed ${kills} times, broker ${restarts} times: ` +
    `${loss.lost} lost, ${loss.duplicates} came again, in ${loss.seconds.toFixed(0)} s\n`,
);
process.exitCode = loss.lost > 0 ? 1 : 0;
