// The process that makes certificates: one a message, at low priority, until its parent is gone.
import os from 'node:os';

import { makeCertificate } from './certificate.js';

os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);

// A signal to the whole process group is the parent's to handle: it may still owe somebody a certificate.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => {});

process.on('message', () => process.send(makeCertificate()));
process.on('disconnect', () => process.exit(0));
