// What needs no database: the bounds, what is trusted. The rest is tested against a real server, outside of this package.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import test, { mock } from 'node:test';
import tls from 'node:tls';

import { ConfigurationError, readConfig } from '../src/config.js';
import { authorities, DatabaseLog } from '../src/database-log.js';

test('the buffer is bounded, and what is dropped is counted', async () => {
  const log = new DatabaseLog('mongodb://127.0.0.1:1/phoenix');
  for (let i = 0; i < 100_000; i++) log.add('x'.repeat(100));
  assert.ok(log.length > 20_000 && log.length < 40_000, String(log.length));
  assert.equal(log.length + log.dropped, 100_000);
  await log.close(1);
});

test('DocumentDB is trusted in the regions that README.md lists, and in no other, by roots that are still valid', () => {
  const regions = new Set();
  for (const pem of authorities()) {
    const { subject, validTo } = new X509Certificate(pem);
    const region = /CN=Amazon RDS ([a-z]+(-[a-z]+)+-\d) Root CA RSA2048 G1/.exec(subject)?.[1];
    if (region && new Date(validTo) > new Date()) regions.add(region);
  }
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const listed = /<!-- regions -->([^]*?)<!-- \/regions -->/.exec(readme)[1].match(/[a-z]+(-[a-z]+)+-\d/g);
  assert.deepEqual([...regions].sort(), listed);
});

test('the certificate authorities are read once, not for each connection', async () => {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    socket.on('error', () => {}).destroy();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const made = mock.method(tls, 'createSecureContext');
  const log = new DatabaseLog(`mongodb://127.0.0.1:${server.address().port}/phoenix?tls=true`);
  while (connections < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  await log.close(1);
  server.close();
  assert.equal(made.mock.callCount(), 1);
});

test('no message about a connection string quotes it', () => {
  for (const bad of ['mongodb://u:hush@h:port/d', 'mongodb://u:hush/x@h/d', 'mongodb://u:hush@h/?no=such', 'u:hush@h']) {
    assert.throws(
      () => new DatabaseLog(readConfig({ DB_CONNECTION_STRING: bad }).connectionString),
      (error) => error instanceof ConfigurationError && !error.message.includes('hush'),
    );
  }
});
