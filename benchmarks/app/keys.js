// Makes RSA keys in one thread until it is stopped, and prints a line for each.
import { generateKeyPairSync } from 'node:crypto';
import { writeSync } from 'node:fs';

for (;;) {
  generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 65537 });
  writeSync(1, '\n');
}
