// Measures the application beside bare node:http, Fastify and a blocking stand-in of the original in one run; prints a
// table, and what is asked of the figures, and exits with code 1 when one falls short. Times are ratios: what they are in
// seconds is the machine's. The servers have one core, the clients the other. Takes some twelve minutes.
//
//   npm ci --prefix benchmarks/app && node benchmarks/app/run.js [path of the node that runs the servers]
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { ask, burst, inALoop, oneByOne, TIMEOUT_MS } from './client.js';
import { startDatabase } from './database.js';
import { Bench, cpuGroup } from './server.js';

const NODE = process.argv[2] ?? process.execPath;
const [CLIENT_CORE, SERVER_CORE] = [0, 1];
const ROUNDS = 5;
const RESTART_MS = 10_000; // what the orchestrator takes to start a task again
const CRASHES = { seconds: 30, requestsASecond: 20, rates: [1, 2, 5], workers: [1, 2, 4] };

const bench = new Bench(NODE, SERVER_CORE);
const rows = []; // [what, figure]
const bounds = []; // [what, figure, bound, whether it is the least instead of the most]

const percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
const round = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(2)));

function asked(what, figure, bound, least = false) {
  bounds.push([what, figure, bound, least]);
}

/** The CPU time of a request for the home page, of all servers in turn: the least of some rounds. */
async function cpuARequest() {
  const names = ['bare', 'bare with a log line', 'ours', 'Fastify', 'stand-in'];
  const seconds = Object.fromEntries(names.map((name) => [name, Infinity]));
  for (let i = 0; i < ROUNDS; i++) {
    for (const name of names) {
      const server = await bench.start(name);
      await burst(server.port, 20_000); // what the compiler takes to warm up
      const before = server.cpu();
      await burst(server.port, 40_000);
      seconds[name] = Math.min(seconds[name], server.cpu() - before);
      await server.stop();
    }
  }
  for (const name of names.slice(1)) rows.push([`CPU of \`GET /\`, to bare node:http: ${name}`, seconds[name] / seconds.bare]);
  asked('CPU of `GET /` with its log line, to bare node:http without one', seconds.ours / seconds.bare, 1.6);
}

/** Certificates that one worker makes for two clients, so that one always waits, to keys of one thread, in turn. */
async function certificates() {
  const server = await bench.start('ours');
  const sliceMs = 10_000;
  let [made, raw] = [0, 0];
  for (let i = 0; i < 6; i++) {
    const load = inALoop(server.port, '/generatecert', 2);
    await sleep(sliceMs);
    made += load.answers;
    await load.stop();
    const keys = bench.spawn('keys.js', {}, 'pipe');
    keys.stdout.once('data', () => setTimeout(() => keys.kill('SIGKILL'), sliceMs));
    keys.stdout.on('data', ({ length }) => (raw += length));
    await new Promise((resolve) => keys.once('exit', resolve));
  }
  await server.stop();
  rows.push(['certificates of one worker, to the keys of one thread', made / raw]);
  asked('certificates of one worker, to the keys of one thread', made / raw, 0.9, true);
}

/** Pages beside five clients that ask for certificates, to those of an idle server. */
async function pagesBesideCertificates(name) {
  const server = await bench.start(name);
  await oneByOne(server.port, 20_000, 10_000);
  const idle = await oneByOne(server.port, 20_000, 20_000);
  const load = inALoop(server.port, '/generatecert', 5);
  await sleep(1_000);
  const beside = await oneByOne(server.port, 20_000, 30_000);
  await server.stop();
  await load.stop();
  const ratio = (share) => percentile(beside, share) / percentile(idle, share);
  rows.push([`\`GET /\` beside 5 certificate clients, to idle: ${name}, p50`, ratio(0.5)]);
  rows.push([`... p99`, ratio(0.99)]);
  const late = beside.filter((ms) => ms >= TIMEOUT_MS).length;
  rows.push([`... share that took ${TIMEOUT_MS / 1000} s or more, %`, (100 * late) / beside.length]);
  return ratio(0.99);
}

/** The share of requests that are served within their time while others crash the process, at half a CPU. */
async function servedBesideCrashes(workers, rate) {
  const group = cpuGroup(0.5);
  if (group === null) return NaN;
  const start = () => bench.start('ours', { WEB_CONCURRENCY: String(workers) }, group);
  let server = await start();
  await sleep(3_000);
  let [stopped, served, sent] = [false, 0, 0];
  const { port } = server;
  const supervised = (async () => {
    for (;;) {
      await server.exited;
      if (stopped) return;
      await sleep(RESTART_MS);
      if (stopped) return;
      server = await bench.start('ours', { WEB_CONCURRENCY: String(workers), PORT: port }, group);
    }
  })();
  const crashes = setInterval(() => ask(port, '/crash').catch(() => {}), 1000 / rate);
  const pending = [];
  const visits = setInterval(() => {
    sent++;
    pending.push(ask(port, '/').then((ms) => (served += ms < TIMEOUT_MS), () => {}));
  }, 1000 / CRASHES.requestsASecond);
  await sleep(CRASHES.seconds * 1000);
  clearInterval(crashes);
  clearInterval(visits);
  await Promise.all(pending);
  stopped = true;
  await server.stop();
  await supervised;
  await group.remove();
  return (100 * served) / sent;
}

async function crashes() {
  for (const workers of CRASHES.workers) {
    const shares = [];
    for (const rate of CRASHES.rates) shares.push(await servedBesideCrashes(workers, rate));
    rows.push([`0.5 vCPU, ${CRASHES.rates.join(', ')} crashes a second: served by ${workers} workers, %`, shares.map(round).join(', ')]);
  }
}

/** With the database up, of all processes together: two workers, before and after load. */
async function memory() {
  const database = await startDatabase();
  const DB_CONNECTION_STRING = `mongodb://127.0.0.1:${database.address().port}/phoenix?directConnection=true`;
  const server = await bench.start('ours', { WEB_CONCURRENCY: '2', DB_CONNECTION_STRING });
  await sleep(5_000);
  const total = () => server.memory().reduce((sum, each) => sum + each);
  rows.push(['resident memory of primary and two workers, database up: idle, MiB', total()]);
  for (let i = 0; i < 5; i++) await burst(server.port, 20_000);
  await sleep(2_000);
  rows.push(['... after 100,000 requests', total()]);
  await server.stop();
  database.close();
}

/** What the load balancer sees: probes of /health, with time-out, beside ten certificate clients. */
async function healthAtAQuarterOfACpu() {
  const group = cpuGroup(0.25);
  if (group === null) return;
  const server = await bench.start('ours', {}, group);
  const load = inALoop(server.port, '/generatecert', 10);
  let late = 0;
  for (let i = 0; i < 20; i++) {
    await sleep(500);
    late += (await ask(server.port, '/health')) >= TIMEOUT_MS;
  }
  await server.stop();
  await load.stop();
  await group.remove();
  asked(`0.25 vCPU, 10 certificate clients: of 20 probes of /health, those that took ${TIMEOUT_MS / 1000} s`, late, 0);
}

execFileSync('taskset', ['-pc', String(CLIENT_CORE), String(process.pid)], { stdio: 'ignore' });
await cpuARequest();
await certificates();
const ours = await pagesBesideCertificates('ours');
asked('p99 of `GET /` beside 5 certificate clients, to idle', ours, 1.5);
await pagesBesideCertificates('stand-in');
await crashes();
await memory();
await healthAtAQuarterOfACpu();

console.log(`Node.js ${execFileSync(NODE, ['--version']).toString().trim()}, the server on one core.\n`);
console.log('| measure | |\n|---|---|');
for (const [what, figure] of rows) console.log(`| ${what} | ${typeof figure === 'number' ? round(figure) : figure} |`);
console.log('\n| asked | bound | measured | |\n|---|---|---|---|');
let kept = true;
for (const [what, figure, bound, least] of bounds) {
  const passes = least ? figure >= bound : figure <= bound;
  kept &&= passes;
  console.log(`| ${what} | ${least ? 'at least' : 'at most'} ${bound} | ${round(figure)} | ${passes ? 'pass' : 'FAIL'} |`);
}
process.exit(kept ? 0 : 1);
