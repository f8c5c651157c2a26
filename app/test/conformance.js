// Holds a running application against the captures of the original in test/contract/, exchange by exchange.
//
//   node test/conformance.js HOST:PORT MODE   judges what runs there, and prints the rows as JSON
//   node test/conformance.js --write          judges this code, and writes the table into README.md
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

import { createServer } from '../src/app.js';
import { CertificateQueue } from '../src/certificates.js';

const CONTRACT = new URL('./contract/', import.meta.url);
const README = new URL('../README.md', import.meta.url);
const TABLE = /(?<=<!-- conformance -->\n)[^]*(?=<!-- \/conformance -->)/;

export const MODES = ['production', 'development'];

const json = (body) => ({ headers: { 'Content-Type': 'application/json', 'Content-Length': body.length }, body });

/** What was asked of the original: name of the capture, request line without the version, whatever else was sent. */
export const EXCHANGES = [
  ['home', 'GET /'],
  ['home-head', 'HEAD /'],
  ['home-post', 'POST /'],
  ['home-options', 'OPTIONS /'],
  ['home-query', 'GET /?a=1'],
  ['css', 'GET /stylesheets/style.css'],
  ['css-head', 'HEAD /stylesheets/style.css'],
  ['css-range', 'GET /stylesheets/style.css', { note: 'Range: bytes=0-3', headers: { Range: 'bytes=0-3' } }],
  ['css-post', 'POST /stylesheets/style.css'],
  ['css-dir', 'GET /stylesheets'],
  ['css-missing', 'GET /stylesheets/none.css'],
  ['dotfile', 'GET /.env'],
  ['traversal', 'GET /../app.js'],
  ['traversal-enc', 'GET /%2e%2e/app.js'],
  ['notfound', 'GET /nope'],
  ['notfound-health', 'GET /health'],
  ['notfound-post', 'POST /nope'],
  ['notfound-json', 'GET /nope', { note: 'Accept: application/json', headers: { Accept: 'application/json' } }],
  ['baduri', 'GET /%E0%A4%A'],
  ['badjson', 'POST /', { note: 'half a JSON object', ...json('{"a":') }],
  ['toolarge', 'POST /', { note: '101 kB of JSON', ...json(JSON.stringify('x'.repeat(101 * 1024))) }],
  ['gencert', 'GET /generatecert'],
  ['gencert-head', 'HEAD /generatecert'],
  ['gencert-post', 'POST /generatecert'],
  ['gencert-slash', 'GET /generatecert/'],
  ['gencert-case', 'GET /GenerateCert'],
  [
    'xff',
    'GET /',
    {
      note: 'X-Forwarded-For, Referer, User-Agent',
      headers: { 'X-Forwarded-For': '192.0.2.1', Referer: 'http://r.example/', 'User-Agent': 'ua"q' },
    },
  ],
  [
    'auth',
    'GET /',
    { note: 'Authorization: Basic', headers: { Authorization: 'Basic Ym9iOnNlY3JldA==' }, capture: 'home' },
  ],
  ['http10', 'GET /', { note: 'HTTP/1.0, no Host', version: '1.0', host: false }],
  ['nohost', 'GET /', { note: 'no Host', host: false }],
].map(([name, line, more = {}]) => ({ name, line, headers: {}, body: '', version: '1.1', host: true, capture: name, ...more }));

/** Where we differ on purpose. */
const REASONS = {
  'notfound-health': 'ours: the health check of the load balancer',
};

/** What we add on purpose: a certificate comes with its private key, which is not to be kept on the way. */
const ADDED = { header: 'cache-control', value: 'no-store', verdict: 'same, and `Cache-Control: no-store`' };

// Header values that vary, and one header that carries nothing.
const VARYING = new Set(['date', 'etag', 'last-modified']);
const DROPPED = new Set(['x-powered-by']);

/** Sends the exchange on a connection of its own; resolves with the raw answer, as text. */
function exchange(host, port, { line, headers, body, version, host: named }) {
  const head = [`${line} HTTP/${version}`, ...(named ? [`Host: ${host}:${port}`] : []), 'Connection: close'];
  for (const [name, value] of Object.entries(headers)) head.push(`${name}: ${value}`);
  return new Promise((resolve, reject) => {
    const chunks = [];
    const socket = net.connect(port, host, () => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks).toString()));
    socket.on('error', reject);
    socket.setTimeout(30_000, () => socket.destroy(new Error(`no answer to ${line} within 30 s`)));
  });
}

function parse(raw) {
  const end = raw.indexOf('\r\n\r\n');
  assert.notEqual(end, -1, `not an HTTP answer: ${JSON.stringify(raw.slice(0, 200))}`);
  const [status, ...lines] = raw.slice(0, end).split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status, headers, body: raw.slice(end + 4) };
}

const isCertificate = ({ headers }) => headers['content-type']?.startsWith('application/json');

const number = ({ data }) => data.slice().reverse().reduce((value, digit) => (value << 28n) | BigInt(digit), 0n);

function power(base, exponent, modulus) {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n, base = (base * base) % modulus) {
    if (exponent & 1n) result = (result * base) % modulus;
  }
  return result;
}

/** Throws unless the numbers are 28-bit digits of an RSA-2048 key that works. */
export function assertWorkingKey({ keys: { privateKey, publicKey }, cert }) {
  for (const [name, { data, t, s }] of Object.entries(privateKey)) {
    assert.equal(s, 0, `${name}.s`);
    assert.ok(t <= data.length && data.every((digit) => Number.isInteger(digit) && digit >= 0 && digit < 2 ** 28), name);
  }
  const key = Object.fromEntries(
    Object.entries(privateKey).map(([name, { data, t }]) => [name, number({ data: data.slice(0, t) })]),
  );
  const { n, e, d, p, q, dP, dQ, qInv } = key;
  assert.equal(n.toString(2).length, 2048);
  assert.equal(e, 65537n);
  assert.ok(p > 1n && q > 1n && p !== q);
  assert.equal(p * q, n);
  assert.equal(dP, d % (p - 1n));
  assert.equal(dQ, d % (q - 1n));
  assert.equal((qInv * q) % p, 1n);
  for (const prime of [p, q]) assert.equal(power(2n, prime - 1n, prime), 1n, 'p and q are primes (Fermat)');
  const message = 0x5068_6f65_6e69_78n;
  assert.equal(power(power(message, e, n), d, n), message);
  assert.deepEqual(publicKey, { n: privateKey.n, e: privateKey.e });
  assert.deepEqual(cert.publicKey, publicKey);
}

/** The shape of a certificate: names in their order, and every value that is neither a key's digits nor a time. */
function shape(certificate) {
  return JSON.stringify(certificate, (name, value) => {
    if (name === 'notBefore' || name === 'notAfter') return new Date(value).toISOString() === value ? 'time' : value;
    if (value?.data) return { data: 'digits', t: value.t > 70 ? 'of n' : value.t > 30 ? 'of p' : value.t, s: value.s };
    return value;
  });
}

function assertSameBody(theirs, ours, mode) {
  if (isCertificate(theirs) && theirs.body) {
    const [original, certificate] = [theirs, ours].map(({ body }) => JSON.parse(body));
    assert.equal(shape(certificate), shape(original));
    assertWorkingKey(certificate);
  } else {
    const comparable = mode === 'development' ? (body) => body.replace(/\n {4}at .*?(?=\n|<)/g, '') : (body) => body;
    assert.equal(comparable(ours.body), comparable(theirs.body));
  }
}

function assertSame(theirs, ours, mode) {
  assert.equal(ours.status, theirs.status);
  const names = (headers) => Object.keys(headers).filter((name) => !DROPPED.has(name)).sort();
  const added = isCertificate(theirs) ? [ADDED.header] : [];
  if (isCertificate(theirs)) assert.equal(ours.headers[ADDED.header], ADDED.value);
  assert.deepEqual(names(ours.headers), [...names(theirs.headers), ...added].sort());
  const sizeVaries = isCertificate(theirs) || (mode === 'development' && theirs.body.includes('\n    at '));
  for (const name of names(theirs.headers)) {
    if (VARYING.has(name) || (sizeVaries && name === 'content-length')) continue;
    assert.equal(ours.headers[name], theirs.headers[name], name);
  }
  // Each is true to itself, whatever the size.
  const length = ours.headers['content-length'];
  if (length !== undefined && ours.body) assert.equal(Buffer.byteLength(ours.body), Number(length));
  assertSameBody(theirs, ours, mode);
  return sizeVaries;
}

function summary({ status, headers }, sizeVaries) {
  const type = headers['content-type']?.split(';')[0];
  const size = sizeVaries ? '' : headers['content-length'] && `${headers['content-length']} B`;
  return [status.split(' ')[1], type, size, headers.location, headers['content-range'], headers.allow]
    .filter(Boolean)
    .join(' ');
}

/** @returns a row an exchange: name, request, what the original said, what is said here, 'same' or what is not. */
export async function judge(host, port, mode) {
  const rows = [];
  for (const each of EXCHANGES) {
    const theirs = parse(readFileSync(new URL(`${mode}/${each.capture}.http`, CONTRACT), 'utf8'));
    const ours = parse(await exchange(host, port, each));
    const expected = REASONS[each.name] ?? (isCertificate(theirs) ? ADDED.verdict : 'same');
    let [verdict, sizeVaries] = [expected, false];
    try {
      sizeVaries = assertSame(theirs, ours, mode);
    } catch (error) {
      if (!REASONS[each.name]) verdict = error.message;
    }
    const request = `\`${each.line}\`${each.note ? ` (${each.note})` : ''}`;
    const [original, here] = [theirs, ours].map((answer) => summary(answer, sizeVaries || isCertificate(answer)));
    rows.push({ name: each.name, request, original, ours: here, verdict, ok: verdict === expected });
  }
  return rows;
}

/** The same for this code, served by this process. */
export async function judgeThisCode(mode) {
  const certificates = new CertificateQueue();
  const server = createServer({ certificates, showErrors: mode === 'development', log() {}, health: () => ({}) });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await judge('127.0.0.1', server.address().port, mode);
  } finally {
    certificates.close();
    server.close();
  }
}

/** @param {Record<string, object[]>} rows of each mode */
export function table(rows) {
  const lines = ['| request | mode | original | ours | verdict |', '|---|---|---|---|---|'];
  for (const [index, { name }] of EXCHANGES.entries()) {
    const [production, development] = MODES.map((mode) => rows[mode][index]);
    const line = (mode, { request, original, ours, verdict }) =>
      lines.push(`| ${[request, mode, original, ours === original ? '=' : ours, verdict].join(' | ')} |`);
    const alike = ['original', 'ours', 'verdict'].every((column) => production[column] === development[column]);
    line(alike ? 'both' : 'production', production);
    if (!alike) line('development', development);
    assert.equal(production.name, name);
  }
  return `${lines.join('\n')}\n`;
}

/** @returns the table that README.md holds now. */
export function tableInReadme() {
  return TABLE.exec(readFileSync(README, 'utf8'))?.[0];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [target, mode] = process.argv.slice(2);
  if (target === '--write') {
    const rows = Object.fromEntries(await Promise.all(MODES.map(async (each) => [each, await judgeThisCode(each)])));
    writeFileSync(README, readFileSync(README, 'utf8').replace(TABLE, () => table(rows)));
  } else {
    const [host, port] = target.split(':');
    console.log(JSON.stringify(await judge(host, Number(port), mode)));
  }
}
