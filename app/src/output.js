// What the process says, on stdout and stderr: written when the call returns, so that the process may exit next.
import { writeSync } from 'node:fs';

const RETRY_MS = 5;
const clock = new Int32Array(new SharedArrayBuffer(4));

/** Lines that stdout did not take: a full disk, a reader that went away. */
let lost = 0;
let justLost = 0;

export function linesLost() {
  return lost;
}

/**
 * Writes all of the text, and waits for the reader of a pipe that is full. Node's own process.stdout would keep it in
 * memory, without bound, and lose it when the process exits.
 *
 * @returns {Error | null} what prevents it; that must not take the application with it
 */
function write(fd, text) {
  let rest = text; // as it is while all of it is left, since that needs no copy
  for (let left = Buffer.byteLength(text); left > 0; ) {
    try {
      const written = writeSync(fd, rest);
      left -= written;
      if (left > 0) rest = Buffer.from(rest).subarray(written);
    } catch (error) {
      if (error.code !== 'EAGAIN') return error;
      Atomics.wait(clock, 0, 0, RETRY_MS);
    }
  }
  return null;
}

/** One line or several of the request log: to stdout. */
export function print(text) {
  const error = write(1, `${text}\n`);
  if (error !== null) {
    if (justLost === 0) say(`losing lines of stdout (${error.message})`);
    lost++;
    justLost++;
  } else if (justLost > 0) {
    say(`${justLost} lines of stdout were lost`);
    justLost = 0;
  }
}

/** One line about the application itself: to stderr. */
export function say(text) {
  write(2, `phoenix: ${text}\n`);
}
