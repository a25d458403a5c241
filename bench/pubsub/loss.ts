/**
 * Sends messages through a sidecar and a broker that are killed again and again, and tells how many were lost and how
 * many came more than once; the figures go to bench/results/. Exits 1 when one was lost. PEER_DAPRD names a daprd to do
 * it to instead of ours.
 * Usage: node bench/pubsub/loss.ts [--broker=redis] [--messages=1000000] [--kills=20] [--restarts=3]
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { record } from '../figures.ts';
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
const options = { subject: subject.name, broker: values.broker, messages, kills, restarts };
process.stdout.write(
  await record(`loss-${peer ? `${subject.name}-` : ''}${values.broker}`, options, [
    { name: 'lost', value: loss.lost, unit: 'messages', limit: { atMost: 0 } },
    { name: 'came more than once', value: loss.duplicates, unit: 'messages' },
    { name: 'from the first to the last', value: loss.seconds, unit: 's' },
    { name: 'rate, outages included', value: messages / loss.seconds, unit: 'messages/s' },
  ]),
);
process.exitCode = loss.lost > 0 ? 1 : 0;
