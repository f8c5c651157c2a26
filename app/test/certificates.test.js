// What becomes of those who wait when the process that makes certificates fails them.
import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import test, { beforeEach, mock } from 'node:test';

import { CertificateQueue } from '../src/certificates.js';

let makers;

class Maker extends EventEmitter {
  send = mock.fn();
  kill = mock.fn();
  disconnect = mock.fn();
}

mock.method(childProcess, 'fork', () => {
  makers.push(new Maker());
  return makers.at(-1);
});
syncBuiltinESMExports();
beforeEach(() => (makers = []));

const wait = (queue) => queue.next(new AbortController().signal);

test('one that hangs is killed, and those who wait get theirs from the next one', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const queue = new CertificateQueue();
  const waiting = [wait(queue), wait(queue)];
  t.mock.timers.tick(19_999);
  assert.equal(makers.length, 1);
  t.mock.timers.tick(1);
  assert.equal(makers[0].kill.mock.calls[0].arguments[0], 'SIGKILL');
  makers[0].emit('message', 'late'); // what a killed one still had to say counts for none
  makers[1].emit('message', 'first');
  t.mock.timers.tick(19_999); // each certificate has its time
  makers[1].emit('message', 'second');
  assert.deepEqual(await Promise.all(waiting), ['first', 'second']);
  queue.close();
});

test('three that fail in a row are enough; the next request is tried again', async () => {
  const queue = new CertificateQueue();
  const failed = [wait(queue), wait(queue)].map((each) => assert.rejects(each, { status: 500 }));
  for (let i = 0; i < 3; i++) makers[i].emit('exit', 1, null);
  await Promise.all(failed);
  assert.equal(makers.length, 3);
  const served = wait(queue);
  makers[3].emit('message', 'made');
  assert.equal(await served, 'made');
  queue.close();
});

test('failures in between are forgotten', async () => {
  const queue = new CertificateQueue();
  for (let i = 0; i < 6; i += 2) {
    const served = wait(queue);
    makers.at(-1).emit('exit', null, 'SIGKILL');
    makers.at(-1).emit('message', 'made');
    assert.equal(await served, 'made');
  }
  queue.close();
});

test('one that ends while none is waited for is replaced when it is needed', async () => {
  const queue = new CertificateQueue();
  const first = wait(queue);
  makers[0].emit('message', 'made');
  await first;
  makers[0].emit('exit', null, 'SIGKILL');
  assert.equal(makers.length, 1);
  const second = wait(queue);
  makers[1].emit('message', 'made');
  await second;
  queue.close();
});
