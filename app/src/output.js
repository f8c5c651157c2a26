// What the process says, on stdout and stderr: written when the call returns, so that the process may exit next.
import { writeSync } from 'node:fs';

const RETRY_MS = 5;
const clock = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of the text, and waits for the reader of a pipe that is full. Node's own process.stdout would keep it in
 * memory, without bound, and lose it when the process exits.
 */
function write(fd, text) {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') return; // a reader that went away must not take the application with it
      Atomics.wait(clock, 0, 0, RETRY_MS);
    }
  }
}

/** One line, or several, of what was asked for: to stdout. */
export function print(text) {
  write(1, `${text}\n`);
}

/** One line about the application itself: to stderr. */
export function say(text) {
  write(2, `phoenix: ${text}\n`);
}
