// The request log's line: the Apache "combined" format.
import { whenOver } from './exchange.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function clfDate(date) {
  const two = (number) => String(number).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

function remoteUser(authorization) {
  const credentials = /^ *basic +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization ?? '');
  const user = credentials && /^([^:]*):/.exec(Buffer.from(credentials[1], 'base64').toString());
  // The one field that a client can put a line break into.
  return user && user[1].replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Calls `log` with one line when the exchange is over, however it ended. */
export function logWhenOver(req, res, log) {
  const address = req.socket.remoteAddress; // unknown once the client has left
  whenOver(req, res, () => {
    const { headers } = req;
    const status = res.headersSent ? res.statusCode : '-';
    const length = (res.headersSent && res.getHeader('content-length')) || '-';
    const line = [
      address || '-',
      '-',
      remoteUser(headers.authorization) || '-',
      `[${clfDate(new Date())}]`,
      `"${req.method} ${req.url} HTTP/${req.httpVersion}"`,
      status,
      length,
      `"${headers.referer || headers.referrer || '-'}"`,
      `"${headers['user-agent'] || '-'}"`,
    ];
    log(line.join(' ')); // joined, since a concatenation would hold on to its parts for as long as it is buffered
  });
}
