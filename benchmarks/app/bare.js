// The least that Node.js can do: the home page from node:http, with a line a request on stdout when LOG_LINE is set.
import { writeSync } from 'node:fs';
import http from 'node:http';

import { HOME, line } from './page.js';

const HEADERS = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': Buffer.byteLength(HOME) };

http
  .createServer((req, res) => {
    if (process.env.LOG_LINE) res.on('close', () => writeSync(1, line(req, res.statusCode)));
    res.writeHead(200, HEADERS);
    res.end(HOME);
  })
  .listen(Number(process.env.PORT));
