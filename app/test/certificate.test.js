import assert from 'node:assert/strict';
import test from 'node:test';

import { makeCertificate } from '../src/certificate.js';
import { assertWorkingKey } from './conformance.js';

test('every certificate has a fresh, working key', () => {
  const first = JSON.parse(makeCertificate());
  const second = JSON.parse(makeCertificate());
  assertWorkingKey(first);
  assertWorkingKey(second);
  assert.notDeepEqual(first.keys.publicKey.n, second.keys.publicKey.n);
});
