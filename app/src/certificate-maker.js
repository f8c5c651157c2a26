// The process that makes certificates: one a message, at low priority, until its parent is gone.
import { writeFileSync } from 'node:fs';
import os from 'node:os';

import { makeCertificate } from './certificate.js';

const PRIORITY = os.constants.priority.PRIORITY_BELOW_NORMAL;

os.setPriority(PRIORITY);
try {
  // Outside of containers Linux may give each session, as this one, an equal share of the CPU, whatever its processes'
  // priorities: then it is the session's that counts. https://man7.org/linux/man-pages/man7/sched.7.html
  writeFileSync('/proc/self/autogroup', String(PRIORITY));
} catch {
  // No such thing here.
}

// A parent that ended while a key was made does not want it any more: its end is not an error.
process.on('message', () => process.send(makeCertificate(), () => {}));
process.on('disconnect', () => process.exit(0));
