/**
 * The floor of what a hop adds: bytes passed on as they come, on a connection of its own for each that is taken, by
 * `node:net` alone. Usage: node relay.ts <port> <port to pass on to>
 */
import { connect, createServer, type Socket } from 'node:net';
import process from 'node:process';

const [port, to] = process.argv.slice(2).map(Number) as [number, number];

function passOn(from: Socket, other: Socket): void {
  from.on('data', (bytes) => other.write(bytes));
  from.on('error', () => other.destroy());
  from.on('close', () => other.destroy());
}

createServer({ noDelay: true }, (caller) => {
  const called = connect({ port: to, host: '127.0.0.1', noDelay: true });
  passOn(caller, called);
  passOn(called, caller);
}).listen(port, '127.0.0.1');
