// The home page from Fastify, with a line a request on stdout.
import { writeSync } from 'node:fs';

import fastify from 'fastify';

import { HOME, line } from './page.js';

const server = fastify();
server.addHook('onResponse', (request, reply, done) => {
  writeSync(1, line(request.raw, reply.statusCode));
  done();
});
server.get('/', (request, reply) => reply.type('text/html; charset=utf-8').send(HOME));
server.listen({ port: Number(process.env.PORT), host: '::' });
