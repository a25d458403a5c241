/** The app that is invoked: answers `/echo` with the body it got, else 1 KB. Usage: node app.ts <port> */
import { createServer } from 'node:http';
import process from 'node:process';

const page = Buffer.alloc(1_024, 'x');
const server = createServer((request, response) => {
  if (request.url !== '/echo') {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': page.length });
    response.end(page);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  request.pipe(response);
});
server.keepAliveTimeout = 0;
server.listen(Number(process.argv[2]), '127.0.0.1');
