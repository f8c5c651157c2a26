// The HTTP side: which path is answered with what.
import http from 'node:http';
import { fileURLToPath } from 'node:url';

import sendFile from 'send';

import { logWhenOver } from './access-log.js';
import { checkBody } from './body.js';
import { whenOver } from './exchange.js';
import { print, say } from './output.js';
import { document, home, HttpError, send, sendError, sendRedirect } from './pages.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));
const ALLOW = document('text/html; charset=utf-8', 'GET,HEAD');

/**
 * @param certificates a CertificateQueue
 * @param {boolean} showErrors whether error pages show status and stack
 * @param {(line: string) => void} log takes one line a request
 * @param {() => object} health what /health answers
 * @returns {http.Server}
 */
export function createServer({ certificates, showErrors, log, health }) {
  const routes = {
    '/': (req, res) => send(req, res, 200, home),
    '/generatecert': generateCertificate,
    '/crash': crash,
  };

  async function generateCertificate(req, res) {
    const left = new AbortController();
    whenOver(req, res, () => left.abort());
    const certificate = await certificates.next(left.signal);
    send(req, res, 200, document(JSON_TYPE, certificate));
  }

  async function handle(req, res) {
    const { path, query } = splitTarget(req.url);
    const name = path.toLowerCase().replace(/^(\/[^/]+)\/$/, '$1');
    const reads = req.method === 'GET' || req.method === 'HEAD';
    if (name === '/health' && reads) return sendHealth(req, res, health());
    logWhenOver(req, res, log);
    try {
      await checkBody(req);
      const route = Object.hasOwn(routes, name) ? routes[name] : null;
      if (route && reads) await route(req, res);
      else if (route && req.method === 'OPTIONS') sendAllow(req, res);
      else if (reads) await sendStatic(req, res, path, query);
      else throw new HttpError(404);
    } catch (error) {
      if (!error.status) say(error.stack);
      if (res.headersSent) res.destroy();
      else sendError(req, res, error.status ? error : new HttpError(500), showErrors);
    }
  }

  const server = http.createServer(SERVER_OPTIONS, handle);
  server.on('connection', (socket) => socket.setMaxListeners(0)); // each of its requests waits for its end
  return server;
}

// The load balancer keeps idle connections for 60 s; whoever closes first risks the request that is on its way, so it
// must not be this side. The others bound what a slow client can hold: it is told at the first check after its time.
const SERVER_OPTIONS = {
  keepAliveTimeout: 65_000,
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
};

/** The request target's path, and the query with its question mark. */
function splitTarget(url) {
  // A client that takes us for a proxy sends a whole URL.
  const target = url[0] !== '/' && URL.canParse(url) ? new URL(url).pathname : url;
  const [, path, query] = /^([^?#]*)([^#]*)/.exec(target);
  return { path, query };
}

function crash() {
  print(new Error('Requested crash by endpoint /crash').stack);
  process.exit(1);
}

function sendHealth(req, res, health) {
  res.setHeader('Cache-Control', 'no-store');
  send(req, res, 200, { type: JSON_TYPE, body: Buffer.from(JSON.stringify(health)) });
}

function sendAllow(req, res) {
  res.setHeader('Allow', 'GET,HEAD');
  send(req, res, 200, ALLOW);
}

/** Serves a file of public/ with what static files do: HEAD, ranges, conditional requests, folders with a slash. */
function sendStatic(req, res, path, query) {
  return new Promise((resolve, reject) => {
    res.on('close', resolve);
    let found = false;
    sendFile(req, path, { root: PUBLIC, index: false })
      .on('headers', () => {
        found = true;
        res.setHeader('Content-Type', 'text/css; charset=UTF-8'); // there is nothing but the style sheet
      })
      .on('directory', () => {
        if (path.endsWith('/')) return reject(new HttpError(404));
        sendRedirect(req, res, `${path.replace(/^\/+/, '/')}/${query}`);
      })
      .on('error', ({ status }) => reject(new HttpError(found || status >= 500 ? status : 404)))
      .pipe(res);
  });
}
