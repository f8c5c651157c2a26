// The queue of those who wait for a certificate, and the one process that makes them at low priority.
import { fork } from 'node:child_process';

import { HttpError } from './pages.js';

/** As many may wait; whoever comes next is told to come again. At a quarter of a CPU that is some 15 s of work. */
const CAPACITY = 32;

export class CertificateQueue {
  #waiting = [];
  #maker = null;

  get length() {
    return this.#waiting.length;
  }

  /**
   * A certificate with a fresh key.
   * @param {AbortSignal} signal of a client that left: gives its place to the next one
   * @returns {Promise<string>} the JSON text
   * @throws {HttpError} 503 at once when the queue is full; 500 when the process that makes them died
   */
  next(signal) {
    if (this.#waiting.length >= CAPACITY) return Promise.reject(new HttpError(503, undefined, { 'Retry-After': '5' }));
    return new Promise((resolve, reject) => {
      const place = { resolve, reject };
      this.#waiting.push(place);
      signal.addEventListener('abort', () => {
        const index = this.#waiting.indexOf(place);
        if (index !== -1) this.#waiting.splice(index, 1);
      });
      // One is being made whenever somebody waits; it goes to whoever is first when it is done.
      if (this.#maker === null) this.#startMaker();
      if (!this.#maker.busy) this.#make();
    });
  }

  /** Ends the process that makes certificates; nobody may wait any more. */
  close() {
    this.#maker?.process.disconnect();
  }

  #make() {
    this.#maker.busy = true;
    this.#maker.process.send('certificate');
  }

  // A process rather than a thread, because a process that exits waits for its threads: /crash would have to wait
  // for a key. Detached, so that a signal to the process group leaves it to finish what somebody waits for.
  #startMaker() {
    const script = new URL('./certificate-maker.js', import.meta.url);
    const maker = { process: fork(script, { detached: true }), busy: false };
    this.#maker = maker;
    maker.process.on('message', (certificate) => {
      maker.busy = false;
      this.#waiting.shift()?.resolve(certificate);
      if (this.#waiting.length > 0) this.#make();
    });
    const gone = () => {
      if (this.#maker !== maker) return;
      this.#maker = null;
      for (const place of this.#waiting.splice(0)) place.reject(new HttpError(500));
    };
    maker.process.on('error', gone); // it could not be started, or asked
    maker.process.on('exit', gone);
  }
}
