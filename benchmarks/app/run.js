// Measures the application beside the blocking stand-in, in one run, and prints a table. The server has one core, the
// clients the other. No database is reachable: the request log is on, and buffers.
//
//   npm ci --prefix benchmarks/app && node benchmarks/app/run.js [path of the node that runs the servers]
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const NODE = process.argv[2] ?? process.execPath;
const [CLIENT_CORE, SERVER_CORE] = [0, 1];
const TIMEOUT_MS = 5_000;

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const SERVERS = { ours: path('../../app/src/main.js'), 'stand-in': path('standin.js') };

const percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
const round = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(2)));

/** One request; resolves with its milliseconds, TIMEOUT_MS when it took longer. */
function ask(port, target, agent) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const request = http.get({ host: '127.0.0.1', port, path: target, agent, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - start);
        else reject(new Error(`${target}: ${response.statusCode}`));
      });
    });
    request.on('timeout', () => {
      resolve(TIMEOUT_MS);
      request.destroy();
    });
    request.on('error', reject);
  });
}

/** Runs `clients` of them, each asking again as soon as it has its answer, until stop() is called. */
function inALoop(port, target, clients) {
  const latencies = [];
  let stopped = false;
  const agent = new http.Agent({ keepAlive: true });
  const loops = Array.from({ length: clients }, async () => {
    // A certificate may take the stand-in longer than the time-out; its client asks again.
    while (!stopped) latencies.push(await ask(port, target, agent));
  });
  const failed = Promise.all(loops);
  failed.catch(() => {});
  return {
    latencies,
    async stop() {
      stopped = true;
      await failed;
      agent.destroy();
    },
  };
}

function tree(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => tree(Number(child)))];
}

function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function start(name, environment = {}) {
  const port = await freePort();
  const began = performance.now();
  const child = spawn('taskset', ['-c', SERVER_CORE, NODE, SERVERS[name]], {
    env: {
      PATH: process.env.PATH,
      PORT: port,
      NODE_ENV: 'production',
      DB_CONNECTION_STRING: 'mongodb://127.0.0.1:1/phoenix',
      ...environment,
    },
    stdio: 'ignore',
  });
  while (!(await ask(port, '/').then(() => true, () => false))) await sleep(5);
  return {
    port,
    pid: child.pid,
    firstAnswer: performance.now() - began,
    async stop() {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

/** `count` requests one after the other. */
async function oneByOne(port, count, budgetMs) {
  const latencies = [];
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const end = performance.now() + budgetMs;
  while (latencies.length < count && performance.now() < end) latencies.push(await ask(port, '/', agent));
  agent.destroy();
  return latencies;
}

async function measure(name) {
  const figures = [];
  const add = (title, value) => figures.push([title, value]);
  const starts = [];
  for (let i = 0; i < 5; i++) {
    const server = await start(name);
    starts.push(server.firstAnswer);
    await server.stop();
  }
  add('start to first 200, ms (median of 5)', percentile(starts, 0.5));

  const server = await start(name);
  const { port } = server;
  await oneByOne(port, 3_000, 10_000); // what the compiler takes to warm up
  let load = inALoop(port, '/', 10);
  await sleep(5_000);
  await load.stop();
  add('`GET /`, 10 connections: requests a second', load.latencies.length / 5);
  add('... p50, ms', percentile(load.latencies, 0.5));

  const idle = await oneByOne(port, 3_000, 20_000);
  add('`GET /`, one by one: p50, ms', percentile(idle, 0.5));
  add('... p99, ms', percentile(idle, 0.99));

  load = inALoop(port, '/generatecert', 5);
  await sleep(1_000);
  const made = load.latencies.length;
  await sleep(10_000);
  add('certificates a minute, 5 clients', (load.latencies.filter((ms) => ms < TIMEOUT_MS).length - made) * 6);
  const beside = await oneByOne(port, 3_000, 30_000);
  add('`GET /` beside these 5 clients: p50, ms', percentile(beside, 0.5));
  add('... p99, ms', percentile(beside, 0.99));
  add('... share that took 5 s or more, %', (100 * beside.filter((ms) => ms >= TIMEOUT_MS).length) / beside.length);
  add('resident memory of the largest process, MiB', Math.max(...tree(server.pid).map(residentMiB)));
  await server.stop();
  await load.stop().catch(() => {}); // its server is gone

  return [...figures, ...(await withAQuarterOfACpu(name))];
}

/** The group that limits its processes to a share of a CPU; null where there is no such thing to be made. */
function cpuGroup(share) {
  const period = 100_000;
  const [root, limit] = existsSync('/sys/fs/cgroup/cgroup.controllers')
    ? ['/sys/fs/cgroup', { 'cpu.max': `${share * period} ${period}` }]
    : ['/sys/fs/cgroup/cpu', { 'cpu.cfs_period_us': period, 'cpu.cfs_quota_us': share * period }];
  const group = `${root}/phoenix-benchmark-${process.pid}`;
  try {
    mkdirSync(group);
    for (const [file, value] of Object.entries(limit)) writeFileSync(`${group}/${file}`, String(value));
  } catch {
    return null;
  }
  return {
    add: (pid) => writeFileSync(`${group}/cgroup.procs`, String(pid)),
    async remove() {
      // A process that makes a key ends with it.
      while (readFileSync(`${group}/cgroup.procs`, 'utf8')) await sleep(100);
      rmdirSync(group);
    },
  };
}

/** What the load balancer sees: a probe of /health a second, with time-out, beside ten certificate clients. */
async function withAQuarterOfACpu(name) {
  const title = '0.25 vCPU, 10 certificate clients: `GET /health`';
  const group = cpuGroup(0.25);
  if (group === null) return [[`${title} (no CPU groups here)`, NaN]];
  const server = await start(name);
  for (const pid of tree(server.pid)) group.add(pid);
  const load = inALoop(server.port, '/generatecert', 10);
  const probes = [];
  for (let i = 0; i < 20; i++) {
    await sleep(500);
    probes.push(await ask(server.port, '/health'));
  }
  await server.stop();
  await load.stop().catch(() => {});
  await group.remove();
  return [
    [`${title} p50, ms`, percentile(probes, 0.5)],
    ['... max, ms', Math.max(...probes)],
  ];
}

execFileSync('taskset', ['-pc', String(CLIENT_CORE), String(process.pid)], { stdio: 'ignore' });
const results = {};
for (const name of Object.keys(SERVERS)) results[name] = await measure(name);

const version = execFileSync(NODE, ['--version']).toString().trim();
console.log(`Node.js ${version}, the server on one core; ${TIMEOUT_MS} ms is the time-out.\n`);
console.log('| measure | application | blocking stand-in |\n|---|---|---|');
for (const [index, [title, ours]] of results.ours.entries()) {
  console.log(`| ${title} | ${round(ours)} | ${round(results['stand-in'][index][1])} |`);
}
process.exit(0);
