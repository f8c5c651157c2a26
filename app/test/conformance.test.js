import assert from 'node:assert/strict';
import test from 'node:test';

import { EXCHANGES, judgeThisCode, MODES, table, tableInReadme } from './conformance.js';

const rows = {};
for (const mode of MODES) rows[mode] = await judgeThisCode(mode);

for (const mode of MODES) {
  for (const [index, { name, line }] of EXCHANGES.entries()) {
    test(`${mode}: ${name} (${line}) is as the original has it`, () => {
      const { ok, verdict } = rows[mode][index];
      assert.ok(ok, verdict);
    });
  }
}

test('the table in README.md is what this run found (else: node test/conformance.js --write)', () => {
  assert.equal(tableInReadme(), table(rows));
});
