// A worker under a primary: serves on the socket that it was given, for as long as its primary lives.
import { ACCEPTED, LISTENING, REPLACEMENT, SOCKET } from './primary.js';
import { serve } from './serve.js';

// A worker that hangs must not hold the others.
const OTHERS_MS = 5_000;

/**
 * @param config as of readConfig
 * @param {string} role REPLACEMENT of a worker that has listened, or none
 */
export function work(config, role) {
  process.on('disconnect', () => process.exit(0));
  serve(config, { fd: SOCKET }, {
    checked: role === REPLACEMENT,
    listening: () => process.send(LISTENING),
    othersAccepted: () =>
      new Promise((resolve) => {
        process.once('message', resolve); // the primary's only one
        setTimeout(resolve, OTHERS_MS).unref();
        process.send(ACCEPTED);
      }),
  });
}
