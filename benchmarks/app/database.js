// A database that takes all documents and keeps none: what a MongoDB driver needs to see to insert.
import net from 'node:net';

import { deserialize, serialize } from 'bson';

const [HEADER, OP_REPLY, OP_QUERY, OP_MSG] = [16, 1, 2004, 2013];
const HELLO = { ismaster: true, isWritablePrimary: true, helloOk: true, minWireVersion: 0, maxWireVersion: 21 };
const LIMITS = { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000, ok: 1 };

function reply(message) {
  const [id, opcode] = [message.readInt32LE(4), message.readInt32LE(12)];
  const isHello = opcode === OP_QUERY || 'hello' in deserialize(message.subarray(HEADER + 5), { allowObjectSmallerThanBufferSize: true });
  const document = serialize(isHello ? { ...HELLO, ...LIMITS } : { n: 1, ok: 1 });
  const before = opcode === OP_QUERY ? Buffer.alloc(20) : Buffer.alloc(5);
  if (opcode === OP_QUERY) before.writeInt32LE(1, 16); // documents returned
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + before.length + document.length, 0);
  header.writeInt32LE(id, 8);
  header.writeInt32LE(opcode === OP_QUERY ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, before, document]);
}

/** @returns {Promise<net.Server>} that listens on a free port of this machine */
export async function startDatabase() {
  const server = net.createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => {}).on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= HEADER && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        socket.write(reply(received.subarray(0, length)));
        received = received.subarray(length);
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
