// The process that makes certificates: one a message, at low priority, until its parent is gone.
import os from 'node:os';

import { makeCertificate } from './certificate.js';

os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);

process.on('message', () => process.send(makeCertificate()));
process.on('disconnect', () => process.exit(0));
