// Measures the application beside the blocking stand-in, in one run, prints a table and what is asked of the figures, and
// exits with code 1 when one falls short. The server has one core, the clients the other. No database is reachable: the
// request log is on, and buffers. Takes some six minutes on a machine that has nothing else to do.
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
const TIMEOUT_MS = 5_000; // the load balancer's; a longer answer counts as this
const CERTIFICATE_TIMEOUT_MS = 60_000; // what the stand-in never needs for a client, however many ask

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const SERVERS = { ours: path('../../app/src/main.js'), 'stand-in': path('standin.js') };

const percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
const round = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(2)));

/** One request; resolves with its milliseconds, those of the time-out when it took longer. */
function ask(port, target, agent, timeout = TIMEOUT_MS) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const request = http.get({ host: '127.0.0.1', port, path: target, agent, timeout }, (response) => {
      response.resume();
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

/** Runs `clients` of them, each asking again as soon as it has its answer, until stop() is called. */
function inALoop(port, target, clients, timeout = TIMEOUT_MS) {
  const latencies = [];
  let stopped = false;
  const agent = new http.Agent({ keepAlive: true });
  const loops = Array.from({ length: clients }, async () => {
    while (!stopped) latencies.push(await ask(port, target, agent, timeout));
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

/** What one client gets that asks again as soon as it has its answer. */
async function certificatesAMinute(port) {
  const began = performance.now();
  let made = 0;
  while (performance.now() - began < 60_000) {
    const took = await ask(port, '/generatecert', undefined, CERTIFICATE_TIMEOUT_MS);
    if (took >= CERTIFICATE_TIMEOUT_MS) throw new Error('no certificate within its time-out');
    made++;
  }
  return (made * 60_000) / (performance.now() - began);
}

/** The figures of a server, by the names that TITLES has. */
async function measure(name) {
  const figures = {};
  const starts = [];
  for (let i = 0; i < 5; i++) {
    const server = await start(name);
    starts.push(server.firstAnswer);
    await server.stop();
  }
  figures.start = percentile(starts, 0.5);

  const server = await start(name);
  const { port } = server;
  await oneByOne(port, 20_000, 10_000); // what the compiler takes to warm up
  let load = inALoop(port, '/', 10);
  await sleep(5_000);
  await load.stop();
  figures.rate = load.latencies.length / 5;
  figures.rateP50 = percentile(load.latencies, 0.5);

  const idle = await oneByOne(port, 20_000, 20_000);
  figures.idleP50 = percentile(idle, 0.5);
  figures.idleP99 = percentile(idle, 0.99);

  figures.certificates = await certificatesAMinute(port);

  load = inALoop(port, '/generatecert', 5, CERTIFICATE_TIMEOUT_MS);
  await sleep(1_000);
  const beside = await oneByOne(port, 20_000, 30_000);
  figures.besideP50 = percentile(beside, 0.5);
  figures.besideP99 = percentile(beside, 0.99);
  figures.timedOut = (100 * beside.filter((ms) => ms >= TIMEOUT_MS).length) / beside.length;
  figures.memory = Math.max(...tree(server.pid).map(residentMiB));
  await server.stop();
  await load.stop().catch(() => {}); // its server is gone

  return { ...figures, ...(await withAQuarterOfACpu(name)) };
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

/** What the load balancer sees: probes of /health, with time-out, beside ten certificate clients. */
async function withAQuarterOfACpu(name) {
  const group = cpuGroup(0.25);
  if (group === null) return { healthP50: NaN, healthMax: NaN };
  const server = await start(name);
  for (const pid of tree(server.pid)) group.add(pid);
  const load = inALoop(server.port, '/generatecert', 10, CERTIFICATE_TIMEOUT_MS);
  const probes = [];
  for (let i = 0; i < 20; i++) {
    await sleep(500);
    probes.push(await ask(server.port, '/health'));
  }
  await server.stop();
  await load.stop().catch(() => {});
  await group.remove();
  return { healthP50: percentile(probes, 0.5), healthMax: Math.max(...probes) };
}

const TITLES = {
  start: 'start to first 200, ms (median of 5)',
  rate: '`GET /`, 10 connections: requests a second',
  rateP50: '... p50, ms',
  idleP50: '`GET /`, one by one: p50, ms',
  idleP99: '... p99, ms',
  certificates: 'certificates a minute, one client',
  besideP50: '`GET /` beside 5 certificate clients: p50, ms',
  besideP99: '... p99, ms',
  timedOut: '... share that took 5 s or more, %',
  memory: 'resident memory of the largest process, MiB',
  healthP50: '0.25 vCPU, 10 certificate clients: `GET /health` p50, ms',
  healthMax: '... max, ms',
};

/** What is asked, as [in words, the figure, its bound: at most or, when `least` is set, at least]. */
function bounds(ours, theirs, major) {
  const least = true;
  return [
    ['p99 of `GET /` beside 5 certificate clients, to that of an idle server', ours.besideP99 / ours.idleP99, 3],
    ['the same, to that of the stand-in', ours.besideP99 / theirs.besideP99, 1 / 200],
    ['certificates a minute, to those of the stand-in', ours.certificates / theirs.certificates, major > 20 ? 15 : 8, least],
    ['requests a second for `GET /`, to those of the stand-in', ours.rate / theirs.rate, 1, least],
    ['start to first 200, ms', ours.start, 500],
    ['resident memory of the largest process, MiB', ours.memory, 160],
    ['0.25 vCPU, 10 certificate clients: slowest `GET /health`, ms', ours.healthMax, 1_000],
  ];
}

execFileSync('taskset', ['-pc', String(CLIENT_CORE), String(process.pid)], { stdio: 'ignore' });
const results = {};
for (const name of Object.keys(SERVERS)) results[name] = await measure(name);
const { ours, 'stand-in': theirs } = results;

const version = execFileSync(NODE, ['--version']).toString().trim();
console.log(`Node.js ${version}, the server on one core; ${TIMEOUT_MS} ms is the time-out.\n`);
console.log('| measure | application | blocking stand-in |\n|---|---|---|');
for (const [name, title] of Object.entries(TITLES)) {
  console.log(`| ${title} | ${round(ours[name])} | ${round(theirs[name])} |`);
}
console.log('\n| asked | bound | measured | |\n|---|---|---|---|');
let kept = true;
for (const [title, figure, bound, least = false] of bounds(ours, theirs, parseInt(version.slice(1), 10))) {
  const verdict = Number.isNaN(figure) ? 'not measured: no CPU groups here' : (least ? figure >= bound : figure <= bound) ? 'pass' : 'FAIL';
  kept &&= verdict !== 'FAIL';
  console.log(`| ${title} | ${least ? 'at least' : 'at most'} ${bound} | ${round(figure)} | ${verdict} |`);
}
process.exit(kept ? 0 : 1);
