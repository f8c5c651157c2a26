// Starts what is measured, each on the server's core, and says what it has used.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ask } from './client.js';

const TICKS_A_SECOND = 100;

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** By name: the script, and what it needs in its environment. */
const SERVERS = {
  ours: ['../../app/src/main.js'],
  bare: ['bare.js'],
  'bare with a log line': ['bare.js', { LOG_LINE: '1' }],
  Fastify: ['fastify.js'],
  'stand-in': ['standin.js'],
};

export class Bench {
  /** @param {string} node path of the Node.js that runs the servers */
  constructor(node, core) {
    this.node = node;
    this.core = String(core);
  }

  spawn(script, environment = {}, stdout = 'ignore') {
    return spawn('taskset', ['-c', this.core, this.node, path(script)], {
      env: { PATH: process.env.PATH, ...environment },
      detached: true, // a session of its own, of which the priority counts where the kernel has autogroups
      stdio: ['ignore', stdout, 'ignore'],
    });
  }

  /** @returns {Promise<Server>} that serves */
  async start(name, environment = {}, group = null) {
    const [script, its = {}] = SERVERS[name];
    const port = environment.PORT ?? (await freePort());
    const database = 'mongodb://127.0.0.1:1/phoenix';
    const all = { PORT: port, NODE_ENV: 'production', DB_CONNECTION_STRING: database, ...its, ...environment };
    const server = new Server(port, this.spawn(script, all));
    group?.add(server.process.pid);
    while (!(await ask(port, '/').catch(() => null))) await sleep(5);
    return server;
  }
}

class Server {
  constructor(port, child) {
    this.port = port;
    this.process = child;
    this.exited = new Promise((resolve) => child.once('exit', resolve));
  }

  processes(pid = this.process.pid) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return [pid, ...children.flatMap((child) => this.processes(Number(child)))];
  }

  /** CPU seconds of the first process. */
  cpu() {
    const [user, system] = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
    return (Number(user) + Number(system)) / TICKS_A_SECOND;
  }

  /** Resident memory of each process, in MiB. */
  memory() {
    const kiB = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
    return this.processes().map((pid) => kiB(pid) / 1024);
  }

  async stop() {
    if (this.process.exitCode === null) for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    await this.exited;
  }
}

async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The group that limits its processes to a share of a CPU, as a container's does; null where none can be made. */
export function cpuGroup(share) {
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
