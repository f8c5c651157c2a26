// Reads a request's body for its refusals alone: no route uses one, but a malformed or oversized one is an error.
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync, inflateSync } from 'node:zlib';

import createError from 'http-errors';

const require = createRequire(import.meta.url);
const LIMIT = 100 * 1024; // bytes, body-parser's default
const READ = /^application\/(json|x-www-form-urlencoded)\s*(;|$)/i;
// As the original; body-parser can read some more.
const UNPACK = new Map([['gzip', gunzipSync], ['deflate', inflateSync]]);

// A body that is refused once it is unpacked leaves 100 kB behind, of which V8 collects nothing before there are 32 MiB, and
// later what is old by then. So the young generation is collected after so many of them, and all after so many.
const COLLECT_AFTER = { minor: 8, major: 64 };

let parsers = null;
let collect = null;
let refused = 0;

/** Loads what reads bodies, which takes longer than all that is needed to serve a page; until then, a body does it. */
export function loadParsers() {
  setFlagsFromString('--expose-gc');
  collect ??= runInNewContext('gc');
  const { json, raw, urlencoded } = require('body-parser');
  parsers ??= { any: raw({ limit: LIMIT, type: () => true }), each: [json(), urlencoded({ extended: false })] };
}

export function hasBody({ headers }) {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** @throws {Error} with a status: 400 malformed, 413 over 100 kB once it is unpacked, 415 unknown charset or encoding */
export async function checkBody(req, res) {
  const { headers } = req;
  if (!READ.test(headers['content-type'])) return;
  if (parsers === null) loadParsers();
  await Promise.race([readAndCheck(req, res), refuseAtTheLimit(req)]);
}

async function readAndCheck(req, res) {
  const encoding = req.headers['content-encoding']?.toLowerCase() || 'identity';
  const body = encoding === 'identity' ? req : await unpacked(req, res, encoding);
  for (const parser of parsers.each) await parsed(parser, body, res);
}

function parsed(parser, req, res) {
  return new Promise((resolve, reject) => parser(req, res, (error) => (error ? reject(error) : resolve())));
}

/**
 * Unpacks the body in one go, which takes less than a millisecond, since it ends at the limit. The streams that
 * body-parser unpacks with leave so much to the garbage collector that a client can fill the task's memory.
 *
 * @returns what a parser takes for a request with the plain body
 */
async function unpacked(req, res, encoding) {
  const unpack = UNPACK.get(encoding);
  if (!unpack) throw createError(415, `unsupported content encoding "${encoding}"`);
  delete req.headers['content-encoding'];
  await parsed(parsers.any, req, res);
  try {
    const body = unpack(req.body, { maxOutputLength: LIMIT, chunkSize: LIMIT });
    const headers = { 'content-type': req.headers['content-type'], 'content-length': String(body.length) };
    return Object.assign(Readable.from([body]), { headers });
  } catch (error) {
    refused++;
    if (refused % COLLECT_AFTER.major === 0) collect({ type: 'major' });
    else if (refused % COLLECT_AFTER.minor === 0) collect({ type: 'minor' });
    throw error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : createError(400, error);
  }
}

/** body-parser refuses what is too long when it has seen the end of it, which a client may never send. */
function refuseAtTheLimit(req) {
  return new Promise((_, reject) => {
    if (Number(req.headers['content-length']) > LIMIT) reject(tooLarge());
    let length = 0;
    req.on('data', (chunk) => {
      length += chunk.length;
      if (length > LIMIT) reject(tooLarge());
    });
  });
}

function tooLarge() {
  return createError(413, 'request entity too large');
}
