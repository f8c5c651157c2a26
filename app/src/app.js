// The HTTP side: which path is answered with what.
import { createRequire } from 'node:module';
import { fileURLToPath, format } from 'node:url';

import createError from 'http-errors';
import parseurl from 'parseurl';

import { logWhenOver } from './access-log.js';
import { checkBody, hasBody, loadParsers } from './body.js';
import { Connections } from './connections.js';
import { print, say } from './output.js';
import { document, home, send, sendError, sendRedirect } from './pages.js';

const require = createRequire(import.meta.url);
// Not imported, since that evaluates all that it exports: a whole client for HTTP and WebSockets among it, which takes more
// time to load than the rest of what a page needs.
const http = process.getBuiltinModule('node:http');
const JSON_TYPE = 'application/json; charset=utf-8';
const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));
const ALLOW = document('text/html; charset=utf-8', 'GET,HEAD');

// The load balancer keeps idle connections for 60 s. The side that closes first can lose a request in transit, so that
// this side must not be the first. The others bound what a slow client can hold: it gets 408 at the first check after
// its time.
const SERVER_OPTIONS = {
  keepAliveTimeout: 65_000,
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
};

/** Loads the packages that `/` does without, so that no request has to wait for them. */
export function loadTheRest() {
  require('send');
  loadParsers();
}

/**
 * @param certificates a CertificateQueue
 * @param {boolean} showErrors whether error pages show status and stack
 * @param {(line: string) => void} log takes one line a request
 * @param {() => object} health what /health answers
 * @returns {http.Server & { stop: Connections['stop'] }}
 */
export function createServer({ certificates, showErrors, log, health }) {
  const routes = {
    '/': (req, res) => send(req, res, 200, home),
    '/generatecert': generateCertificate,
    '/crash': crash,
  };

  async function generateCertificate(req, res, exchange) {
    const left = new AbortController();
    exchange.whenOver(() => left.abort());
    const certificate = await certificates.next(left.signal);
    res.setHeader('Cache-Control', 'no-store'); // it holds a private key
    send(req, res, 200, document(JSON_TYPE, certificate));
  }

  async function answer(req, res, exchange) {
    const target = parseTarget(req);
    const name = target.pathname.toLowerCase().replace(/^(\/[^/]+)\/$/, '$1');
    const reads = req.method === 'GET' || req.method === 'HEAD';
    if (name === '/health' && reads) return sendHealth(req, res, health());
    logWhenOver(req, exchange, log);
    try {
      // Waits in either case: what the parser refuses in the same piece of data comes first, as in the original.
      await (hasBody(req) ? checkBody(req, res) : undefined);
      const route = Object.hasOwn(routes, name) ? routes[name] : null;
      if (route && reads) await route(req, res, exchange);
      else if (route && req.method === 'OPTIONS') sendAllow(req, res);
      else if (reads) await sendStatic(req, res, target);
      else throw createError(404);
    } catch (error) {
      if (!error.status) say(error.stack);
      if (res.destroyed) return; // the client has left
      if (res.headersSent) res.destroy();
      else sendError(req, res, error.status ? error : createError(500), showErrors);
    }
  }

  const server = http.createServer(SERVER_OPTIONS);
  const connections = new Connections(server, answer);
  return Object.assign(server, { stop: (othersAccepted) => connections.stop(othersAccepted) });
}

/** The request target, in whatever form; what no parser takes is a path that nothing has. */
function parseTarget(req) {
  try {
    const target = parseurl(req);
    if (target.pathname) return target;
  } catch {
    // As below.
  }
  return { pathname: req.url };
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
function sendStatic(req, res, target) {
  const sendFile = require('send');
  return new Promise((resolve, reject) => {
    res.on('close', resolve);
    let found = false;
    sendFile(req, target.pathname, { root: PUBLIC, index: false })
      .on('headers', () => {
        found = true;
        res.setHeader('Content-Type', 'text/css; charset=UTF-8'); // there is nothing but the style sheet
      })
      .on('directory', () => {
        if (target.pathname.endsWith('/')) return reject(createError(404));
        const pathname = `${target.pathname.replace(/^\/+/, '/')}/`;
        sendRedirect(req, res, format({ ...target, path: null, pathname }));
      })
      .on('error', (error) => {
        if (error.status >= 500) say(error.stack);
        reject(createError(found || error.status >= 500 ? error.status : 404));
      })
      .pipe(res);
  });
}
