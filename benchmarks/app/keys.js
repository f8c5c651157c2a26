// Makes RSA keys in one thread until it is stopped, and prints a line for each: at the priority at which the application
// makes them, so that what else runs on the machine counts for both.
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync, writeSync } from 'node:fs';
import os from 'node:os';

const PRIORITY = os.constants.priority.PRIORITY_BELOW_NORMAL;

os.setPriority(PRIORITY);
try {
  writeFileSync('/proc/self/autogroup', String(PRIORITY));
} catch {
  // No such thing here.
}

for (;;) {
  generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 65537 });
  writeSync(1, '\n');
}
