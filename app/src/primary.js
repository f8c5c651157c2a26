// The primary process: keeps the workers running, and gives up when they die faster than they can be replaced.
import cluster from 'node:cluster';

import { EXIT_CANNOT_START } from './config.js';
import { say } from './output.js';

/** More worker deaths than this within the window are a storm: a fresh task, elsewhere, is the better answer. */
export const STORM = { deaths: 10, windowMs: 10_000 };

/** @param {number} count of workers to keep */
export function keepWorkers(count) {
  // Workers accept from one shared socket. Node's default, where the primary accepts and hands over, loses the
  // connection that it is handing to a worker that dies.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  let deaths = [];
  let stopping = false;

  // The others follow once the first one listens, so that whatever prevents that is said once.
  cluster.once('listening', () => {
    if (stopping) return;
    for (let i = 1; i < count; i++) cluster.fork();
  });

  cluster.on('exit', (worker, code, signal) => {
    if (stopping) return;
    if (code === EXIT_CANNOT_START) process.exit(code);
    say(`worker ${worker.process.pid} died (${signal ?? `exit code ${code}`})`);
    const now = Date.now();
    deaths = deaths.filter((time) => now - time < STORM.windowMs);
    if (deaths.push(now) > STORM.deaths) {
      say(`more than ${STORM.deaths} workers died within ${STORM.windowMs / 1000} s, giving up`);
      for (const other of Object.values(cluster.workers)) other.process.kill('SIGKILL');
      process.exit(1);
    }
    cluster.fork();
  });

  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      stopping = true;
      for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
    });
  }
  cluster.fork();
}
