// Reads a request's body for its refusals alone: no route uses one, but a malformed or oversized one is an error.
import { createGunzip, createInflate } from 'node:zlib';

import { HttpError } from './pages.js';

const LIMIT = 100 * 1024; // bytes, decompressed

const DECODERS = { gzip: createGunzip, deflate: createInflate };
const TYPES = new Set(['application/json', 'application/x-www-form-urlencoded']);

/**
 * @returns {Promise<void> | undefined} undefined when there is nothing to read
 * @throws {HttpError} 400 malformed JSON, 413 over 100 kB, 415 unknown charset or encoding
 */
export function checkBody(req) {
  const { headers } = req;
  if (headers['content-type'] === undefined) return undefined;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return undefined;
  const [type, ...parameters] = headers['content-type'].split(';').map((part) => part.trim().toLowerCase());
  return TYPES.has(type) ? readAndCheck(req, type, parameters) : undefined;
}

async function readAndCheck(req, type, parameters) {
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice(8).replace(/"/g, '') ?? 'utf-8';
  if (charset !== 'utf-8') throw new HttpError(415, `unsupported charset "${charset.toUpperCase()}"`);
  const text = await read(req);
  if (type !== 'application/json' || text.length === 0) return;
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw Object.assign(error, { status: 400 });
  }
  if (typeof value !== 'object' || value === null) throw new HttpError(400, `Unexpected token ${text.trim()[0]} in JSON`);
}

async function read(req) {
  if (Number(req.headers['content-length']) > LIMIT) throw new HttpError(413, 'request entity too large');
  const encoding = req.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && !Object.hasOwn(DECODERS, encoding)) {
    throw new HttpError(415, `unsupported content encoding "${encoding}"`);
  }
  const source = encoding === 'identity' ? req : req.pipe(DECODERS[encoding]());
  return new Promise((resolve, reject) => {
    const chunks = [];
    let length = 0;
    source.on('data', (chunk) => {
      length += chunk.length;
      if (length <= LIMIT) return chunks.push(chunk);
      req.unpipe();
      source.removeAllListeners('data');
      req.resume(); // reads the rest to nowhere, so that the client gets to see the answer
      reject(new HttpError(413, 'request entity too large'));
    });
    source.on('end', () => resolve(new TextDecoder().decode(Buffer.concat(chunks))));
    source.on('error', (error) => reject(Object.assign(error, { status: 400 })));
  });
}
