// The queue of those who wait for a certificate, and the one process that makes them at low priority.
import { fork } from 'node:child_process';

import createError from 'http-errors';

import { say } from './output.js';

/** As many may wait; the next one is refused. At a quarter of a CPU that is some 15 s of work. */
const CAPACITY = 32;

/** A certificate that takes longer is not coming. It takes 0.1 s of CPU time, of which a busy task has little to give. */
const PATIENCE_MS = 20_000;

/** As many processes may fail in a row before those who wait are refused. */
const ATTEMPTS = 3;

export class CertificateQueue {
  #waiting = [];
  #maker = null;
  #failures = 0;

  get length() {
    return this.#waiting.length;
  }

  /**
   * A certificate with a fresh key.
   * @param {AbortSignal} signal of a client that left: gives its place to the next one
   * @returns {Promise<string>} the JSON text
   * @throws {Error} with status 503 at once when the queue is full, 500 when no process can make one
   */
  next(signal) {
    if (this.#waiting.length >= CAPACITY) return Promise.reject(createError(503, { headers: { 'Retry-After': '5' } }));
    return new Promise((resolve, reject) => {
      const place = { resolve, reject };
      this.#waiting.push(place);
      signal.addEventListener('abort', () => {
        const index = this.#waiting.indexOf(place);
        if (index !== -1) this.#waiting.splice(index, 1);
      });
      this.#makeNext();
    });
  }

  /** Ends the process that makes certificates; none may be waited for any more. */
  close() {
    const maker = this.#maker;
    this.#maker = null;
    clearTimeout(maker?.deadline);
    maker?.process.disconnect();
  }

  /** Has one made while any is waited for; it goes to the first in the queue when it is done. */
  #makeNext() {
    if (this.#waiting.length === 0) return;
    this.#maker ??= this.#startMaker();
    const maker = this.#maker;
    if (maker === null || maker.deadline !== null) return;
    maker.deadline = setTimeout(() => {
      maker.process.kill('SIGKILL');
      this.#replace(maker, `made no certificate within ${PATIENCE_MS / 1000} s`);
    }, PATIENCE_MS);
    // A process that could not be started has no send(); its `error` follows.
    maker.process.send?.('certificate', (error) => error && this.#replace(maker, error.message));
  }

  // A process rather than a thread, because a process that exits waits for its threads: /crash would have to wait
  // for a key. Detached, so that a signal to the process group leaves it to finish what is waited for.
  #startMaker() {
    const script = new URL('./certificate-maker.js', import.meta.url);
    const maker = { process: fork(script, { detached: true }), deadline: null };
    maker.process.on('message', (certificate) => {
      if (this.#maker !== maker) return;
      clearTimeout(maker.deadline);
      maker.deadline = null;
      this.#failures = 0;
      this.#waiting.shift()?.resolve(certificate);
      this.#makeNext();
    });
    maker.process.on('error', (error) => this.#replace(maker, error.message)); // no start, or no message sent
    maker.process.on('exit', (code, signal) => this.#replace(maker, `ended (${signal ?? `exit code ${code}`})`));
    return maker;
  }

  /** Those who wait get theirs from the next process, unless one after the other fails. */
  #replace(maker, why) {
    if (this.#maker !== maker) return;
    clearTimeout(maker.deadline);
    this.#maker = null;
    say(`the process that makes certificates: ${why}`);
    this.#failures++;
    if (this.#failures === ATTEMPTS) {
      this.#failures = 0;
      for (const place of this.#waiting.splice(0)) place.reject(createError(500));
    }
    this.#makeNext();
  }
}
