// The primary process: holds the port, keeps the workers running, and gives up when none comes to serve.
import { fork } from 'node:child_process';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';

import { ConfigurationError, EXIT_CANNOT_START } from './config.js';
import { say } from './output.js';

/** The file descriptor of a worker's socket, and the role of one that follows another. */
export const SOCKET = 4; // behind those of STDIO
export const REPLACEMENT = 'replacement';

/** A worker's messages: that it accepts connections; that it accepts no more. When none does, each gets the latter back. */
export const LISTENING = 'listening';
export const ACCEPTED = 'accepted';

/**
 * As many workers in a row may die before they listen, when no other one does. One that listened and died is replaced at
 * once, however often that happens: a task that gives up serves less than one that is short of a worker.
 */
export const STILLBORN = { limit: 5, pauseMs: 1_000 };

// What keeps a worker small under any load: by itself V8 lets its heap grow with the machine's memory, not the task's, and
// the C library keeps what was freed, for each thread. Pages are as fast without the compiler in the middle, Maglev.
const FLAGS = ['--max-semi-space-size=1', '--max-old-space-size=128', '--no-maglev'];
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };
const STDIO = ['inherit', 'inherit', 'inherit', 'ipc'];
const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

/**
 * The socket of the port, of which each worker gets a duplicate to accept from. This process never accepts from it, but
 * keeps it open: what connects while no worker is there waits for the next one. node:cluster, which makes its sockets
 * this way too, closes them with the last worker.
 */
function bind(port) {
  let error;
  for (const [address, type] of [['::', 6], ['0.0.0.0', 4]]) {
    const socket = net._createServerHandle(address, port, type);
    if (typeof socket === 'object') {
      // That a port is in use is only known to a socket that has none.
      const bound = {};
      socket.getsockname(bound);
      if (bound.port === port) return socket;
      throw new ConfigurationError(`cannot listen on port ${port}: EADDRINUSE, address already in use`);
    }
    error = socket;
  }
  throw new ConfigurationError(`cannot listen on port ${port}: ${getSystemErrorName(error)}`);
}

/** @param config as of readConfig */
export function keepWorkers({ port, workers: count }) {
  const socket = bind(port);
  const workers = new Map(); // to the latest message of each
  let started = false; // whether one has ever listened
  let stillborn = 0;
  let stopping = false;

  function start() {
    // The first one reads the connection string before it listens; then it is known to be good.
    const role = started ? [REPLACEMENT] : [];
    const worker = fork(MAIN, ['worker', ...role], {
      execArgv: [...process.execArgv, ...FLAGS],
      env: { ...process.env, ...ENVIRONMENT },
      stdio: [...STDIO, socket],
    });
    workers.set(worker, null);
    worker.on('message', (message) => {
      workers.set(worker, message);
      if (message === LISTENING) listens();
      else acceptsNoMore(worker);
    });
    worker.once('error', (error) => ended(worker, `could not be started: ${error.message}`));
    worker.once('exit', (code, signal) => {
      const why = `died (${signal ?? `exit code ${code}`})`;
      // What it said before may still be on its way.
      if (worker.connected) worker.once('disconnect', () => ended(worker, why, code));
      else ended(worker, why, code);
    });
  }

  function listens() {
    stillborn = 0;
    // The others follow once the first one listens, so that whatever prevents that is said once.
    if (started || stopping) return;
    started = true;
    while (workers.size < count) start();
  }

  // Those that one answers come again with another connection, while another one may be about to close the queue.
  function acceptsNoMore(worker) {
    const all = [...workers.keys()];
    if (!stopping) worker.send(ACCEPTED, () => {});
    else if (all.every((each) => workers.get(each) === ACCEPTED)) for (const each of all) each.send(ACCEPTED, () => {});
  }

  function ended(worker, why, code) {
    const listened = workers.get(worker) !== null;
    if (!workers.delete(worker)) return;
    if (stopping) return acceptsNoMore();
    if (code === EXIT_CANNOT_START) process.exit(code);
    say(`worker ${worker.pid} ${why}`);
    if (listened) return start();
    if (++stillborn >= STILLBORN.limit && ![...workers.values()].includes(LISTENING)) {
      say(`${stillborn} workers in a row died before they listened, giving up`);
      for (const other of workers.keys()) other.kill('SIGKILL');
      process.exit(1);
    }
    setTimeout(() => stopping || start(), STILLBORN.pauseMs);
  }

  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      // Before the workers close theirs: the last one of them to do so finds the queue empty.
      socket.close();
      for (const worker of workers.keys()) worker.kill('SIGTERM');
    });
  }
  start();
}
