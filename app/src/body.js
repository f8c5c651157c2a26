// Reads a request's body for its refusals alone: no route uses one, but a malformed or oversized one is an error.
import { createRequire } from 'node:module';

import createError from 'http-errors';

const require = createRequire(import.meta.url);
const LIMIT = 100 * 1024; // bytes, body-parser's default
const READ = /^application\/(json|x-www-form-urlencoded)\s*(;|$)/i;
// body-parser can read them, the original cannot.
const TOO_NEW = new Set(['br', 'zstd']);

let parsers = null;

/** Loads what reads bodies, which takes longer than all that is needed to serve a page; until then, a body does it. */
export function loadParsers() {
  const { json, urlencoded } = require('body-parser');
  parsers ??= [json(), urlencoded({ extended: false })];
}

export function hasBody({ headers }) {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** @throws {Error} with a status: 400 malformed, 413 over 100 kB once it is unpacked, 415 unknown charset or encoding */
export async function checkBody(req, res) {
  const encoding = req.headers['content-encoding']?.toLowerCase() || 'identity';
  const isRead = READ.test(req.headers['content-type']);
  if (isRead && TOO_NEW.has(encoding)) throw createError(415, `unsupported content encoding "${encoding}"`);
  if (parsers === null) loadParsers();
  const parsed = parse(req, res);
  await (isRead && encoding === 'identity' ? Promise.race([parsed, refuseAtTheLimit(req)]) : parsed);
}

async function parse(req, res) {
  for (const parser of parsers) {
    await new Promise((resolve, reject) => parser(req, res, (error) => (error ? reject(error) : resolve())));
  }
}

/** body-parser refuses what is too long when it has seen the end of it, which a client may never send. */
function refuseAtTheLimit(req) {
  return new Promise((_, reject) => {
    const refuse = () => reject(createError(413, 'request entity too large'));
    if (Number(req.headers['content-length']) > LIMIT) refuse();
    let length = 0;
    req.on('data', (chunk) => {
      length += chunk.length;
      if (length > LIMIT) refuse();
    });
  });
}
