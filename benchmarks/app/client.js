// The clients of what is measured.
import http from 'node:http';
import net from 'node:net';

export const TIMEOUT_MS = 5_000; // the load balancer's; a longer answer counts as this

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: benchmark\r\n\r\n';

/** One request; resolves with its milliseconds, those of the time-out when it took longer. */
export function ask(port, target, agent, timeout = TIMEOUT_MS) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const request = http.get({ host: '127.0.0.1', port, path: target, agent, timeout }, (response) => {
      response.resume();
      response.on('close', () => reject(new Error(`${target}: half an answer`))); // has no effect after a whole one
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - start);
        else reject(new Error(`${target}: ${response.statusCode}`));
      });
    });
    request.on('timeout', () => {
      resolve(timeout);
      request.destroy();
    });
    request.on('error', reject);
  });
}

/** Runs `clients` of them, each asking again as soon as it has its answer, until stop() is called; counts the answers. */
export function inALoop(port, target, clients) {
  const agent = new http.Agent({ keepAlive: true });
  const load = { answers: 0, stop: null };
  let stopped = false;
  const loops = Array.from({ length: clients }, async () => {
    for (; !stopped; load.answers++) await ask(port, target, agent, 60_000);
  });
  const ended = Promise.allSettled(loops);
  load.stop = async () => {
    stopped = true;
    await ended;
    agent.destroy();
  };
  return load;
}

/** The latencies of `count` requests one after the other, or of as many as there is time for. */
export async function oneByOne(port, count, budgetMs) {
  const latencies = [];
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const end = performance.now() + budgetMs;
  while (latencies.length < count && performance.now() < end) latencies.push(await ask(port, '/', agent));
  agent.destroy();
  return latencies;
}

/** `count` requests for the home page over ten connections: little work for the client, so that the server has enough. */
export function burst(port, count) {
  let left = count;
  const connection = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1');
      let [size, received] = [0, 0];
      const next = () => (left-- > 0 ? socket.write(REQUEST) : socket.destroy());
      socket.on('connect', next).on('error', reject).on('close', resolve);
      socket.on('data', ({ length }) => {
        size ||= length; // the first answer is one piece of data, and all are alike
        received += length;
        if (received % size === 0) next();
      });
    });
  return Promise.all(Array.from({ length: 10 }, connection));
}
