// What needs no database: the bounds, what is trusted. The rest is tested against a real server, outside of this package.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import test from 'node:test';

import { ConfigurationError, readConfig } from '../src/config.js';
import { DatabaseLog, TRUSTED } from '../src/database-log.js';

test('the buffer is bounded, and what is dropped is counted', async () => {
  const log = new DatabaseLog('mongodb://127.0.0.1:1/phoenix');
  for (let i = 0; i < 100_000; i++) log.add('x'.repeat(100));
  assert.ok(log.length > 20_000 && log.length < 40_000, String(log.length));
  assert.equal(log.length + log.dropped, 100_000);
  await log.close(1);
});

test('DocumentDB is trusted: the roots of Amazon RDS are there, in every region, and still valid', () => {
  const now = new Date();
  const roots = TRUSTED.flatMap((pem) => pem.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g))
    .map((pem) => new X509Certificate(pem))
    .filter(({ subject, validTo }) => /Amazon RDS/.test(subject) && new Date(validTo) > now);
  for (const region of ['eu-south-1', 'eu-west-1', 'us-east-1']) {
    assert.ok(roots.some(({ subject }) => subject.includes(`Amazon RDS ${region} Root CA RSA2048 G1`)), region);
  }
});

test('no message about a connection string quotes it', () => {
  for (const bad of ['mongodb://u:hush@h:port/d', 'mongodb://u:hush/x@h/d', 'mongodb://u:hush@h/?no=such', 'u:hush@h']) {
    assert.throws(
      () => new DatabaseLog(readConfig({ DB_CONNECTION_STRING: bad }).connectionString),
      (error) => error instanceof ConfigurationError && !error.message.includes('hush'),
    );
  }
});
