// What the captures do not show: refusals, the queue, the log line, static files at their edges.
import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import test, { after, before, mock } from 'node:test';
import { gzipSync } from 'node:zlib';

import { createServer } from '../src/app.js';
import { CertificateQueue } from '../src/certificates.js';

// In place of the process that makes certificates: one is made when the test says so.
const maker = Object.assign(new EventEmitter(), { send() {}, disconnect() {} });
mock.method(childProcess, 'fork', () => maker);
syncBuiltinESMExports();

const lines = [];
const certificates = new CertificateQueue();
const server = createServer({
  certificates,
  showErrors: false,
  log: (line) => lines.push(line),
  health: () => ({ status: 'ok' }),
});

before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => server.close());

async function ask(method, path, { headers, body } = {}) {
  const { port } = server.address();
  const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }).end(body);
  const [response] = await once(request, 'response');
  const chunks = await response.toArray();
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

const json = (body, more = { 'Content-Length': body.length }) => ({
  body,
  headers: { 'Content-Type': 'application/json', ...more },
});

for (const [what, status, message, exchange] of [
  ['JSON within the limit', 404, 'Not Found', json(`[${' '.repeat(102_398)}]`)],
  ['JSON over the limit', 413, 'request entity too large', json(`[${' '.repeat(102_399)}]`)],
  ['JSON over the limit, not announced', 413, 'request entity too large', json(`[${' '.repeat(102_399)}]`, { 'Transfer-Encoding': 'chunked' })],
  ['JSON over the limit once it is unpacked', 413, 'request entity too large', json(gzipSync(`[${' '.repeat(200_000)}]`), { 'Content-Encoding': 'gzip' })],
  ['packed JSON', 404, 'Not Found', json(gzipSync('{}'), { 'Content-Encoding': 'gzip' })],
  ['what is not packed as it says', 400, 'incorrect header check', json('{}', { 'Content-Encoding': 'gzip' })],
  ['an unknown encoding', 415, 'unsupported content encoding &quot;br&quot;', json('{}', { 'Content-Encoding': 'br' })],
  ['an unknown charset', 415, 'unsupported charset &quot;LATIN1&quot;', json('{}', { 'Content-Type': 'application/json; charset=latin1' })],
  ['JSON that is no object', 400, 'Unexpected token &#x27;1&#x27;, &quot;12&quot; is not valid JSON', json('12')],
  ['null', 400, 'Unexpected token &#x27;n&#x27;, &quot;null&quot; is not valid JSON', json('null')],
  ['no JSON at all', 404, 'Not Found', json('')],
  ['a form over the limit', 413, 'request entity too large', json('a'.repeat(102_401), { 'Content-Type': 'application/x-www-form-urlencoded' })],
  ['any other body', 404, 'Not Found', json('a'.repeat(300_000), { 'Content-Type': 'text/plain' })],
]) {
  test(`POST of ${what}: ${status}`, async () => {
    const answer = await ask('POST', '/', exchange);
    assert.equal(answer.status, status);
    assert.ok(answer.body.includes(`<h1>${message}</h1>`), answer.body);
  });
}

test('a refused body does not reach the routes', async () => {
  assert.equal((await ask('GET', '/', json('{'))).status, 400);
  assert.equal((await ask('GET', '/stylesheets/style.css', json('{'))).status, 400);
});

test('conditional requests', async () => {
  for (const path of ['/', '/stylesheets/style.css']) {
    const { headers } = await ask('GET', path);
    const again = await ask('GET', path, { headers: { 'If-None-Match': headers.etag } });
    assert.equal(again.status, 304);
    assert.equal(again.body, '');
    assert.equal((await ask('GET', path, { headers: { 'If-None-Match': '"other"' } })).status, 200);
  }
});

test('ranges', async () => {
  const path = '/stylesheets/style.css';
  assert.equal((await ask('GET', path, { headers: { Range: 'bytes=-4' } })).body, 'F;\n}\n'.slice(-4));
  const beyond = await ask('GET', path, { headers: { Range: 'bytes=200-' } });
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers['content-range'], 'bytes */111');
  assert.ok(beyond.body.includes('<h1>Range Not Satisfiable</h1>'));
});

test('a redirect stays on this host', async () => {
  for (const [path, location] of [
    ['/stylesheets?a=1&b="<', '/stylesheets/?a=1&b=%22%3C'],
    ['//stylesheets', '/stylesheets/'],
    ['//evil.example/../stylesheets', '/evil.example/../stylesheets/'],
    ['/\\evil.example/../stylesheets', '/%5Cevil.example/../stylesheets/'],
  ]) {
    const answer = await ask('GET', path);
    assert.equal(answer.status, 301, path);
    assert.equal(answer.headers.location, location);
    assert.ok(!/[<"]/.test(answer.body.match(/href="([^"]*)"/)[1]));
  }
});

test('nothing outside public/ is served', async () => {
  for (const path of ['/src/app.js', '/..%2fpackage.json', '/stylesheets/..%2f..%2fpackage.json', '/%00', '/.npmrc', '//etc/passwd']) {
    assert.equal((await ask('GET', path)).status, 404, path);
  }
});

test('the crash and the certificate say what they allow', async () => {
  for (const path of ['/crash', '/generatecert', '/GenerateCert/']) {
    const answer = await ask('OPTIONS', path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.allow, 'GET,HEAD');
  }
});

test('health is not logged, and not to be cached', async () => {
  const before = lines.length;
  const answer = await ask('GET', '/health');
  assert.deepEqual(JSON.parse(answer.body), { status: 'ok' });
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal((await ask('POST', '/health')).status, 404);
  assert.deepEqual(lines.slice(before).map((line) => line.split('"')[1]), ['POST /health HTTP/1.1']);
});

test('a user name cannot break the line', async () => {
  const name = Buffer.from('bob\n127.0.0.1 - - forged\x1b[2J:secret').toString('base64');
  await ask('GET', '/', { headers: { Authorization: `Basic ${name}` } });
  assert.match(lines.at(-1), / - bob\\x0a127\.0\.0\.1 - - forged\\x1b\[2J \[/);
  assert.ok(!lines.at(-1).includes('secret'));
});

/** Asks for certificates on one connection, one behind the other; resolves when each has its place in the queue. */
async function pipeline(count, query = '') {
  const client = net.connect(server.address().port, '127.0.0.1');
  client.write(`GET /generatecert${query} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(count));
  await until(() => certificates.length === count);
  return client;
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a full queue answers 503 at once, a client that leaves makes room', async () => {
  const leaving = await pipeline(31);
  const served = ask('GET', '/generatecert');
  await until(() => certificates.length === 32);
  const refused = await ask('GET', '/generatecert');
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['retry-after'], '5');
  assert.ok(refused.body.includes('<h1>Service Unavailable</h1>'));
  leaving.destroy();
  await until(() => certificates.length === 1);
  maker.emit('message', '{"made": 1}');
  assert.equal((await served).body, '{"made": 1}');
  assert.equal(certificates.length, 0);
});

test('each request is logged once when its client leaves, also those behind another on its connection', async () => {
  const client = await pipeline(20, '?left');
  client.destroy();
  await until(() => certificates.length === 0);
  await ask('GET', '/'); // whatever may follow has followed
  assert.equal(lines.filter((line) => line.includes('"GET /generatecert?left HTTP/1.1" - - ')).length, 20);
});

test('no request leaves anything behind on its connection', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const listeners = new Set();
  const count = (socket) => socket.on('data', () => setImmediate(() => listeners.add(socket.listenerCount('close'))));
  server.once('connection', count);
  const { port } = server.address();
  for (let i = 0; i < 20; i++) {
    const [response] = await once(http.get({ host: '127.0.0.1', port, agent }), 'response');
    await response.toArray();
  }
  agent.destroy();
  assert.equal(listeners.size, 1, [...listeners].join());
});
