// One serving process: puts the parts together, listens, and stops in good order on SIGTERM.
import { readFileSync } from 'node:fs';

import { createServer, loadTheRest } from './app.js';
import { CertificateQueue } from './certificates.js';
import { EXIT_CANNOT_START } from './config.js';
import { DatabaseLog } from './database-log.js';
import { linesLost, print, say } from './output.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)));

// Together below the 30 s that ECS gives a container between SIGTERM and SIGKILL.
const FINISH_REQUESTS_MS = 20_000;
const FLUSH_LOG_MS = 5_000;

// What a page does without is loaded by a process that has lived for as long: one that crashes before has not had to.
const LOAD_MS = 1_000;

/**
 * Listens until SIGTERM.
 * @param config as of readConfig
 * @param {object} listenTo as of server.listen()
 * @param {boolean} checked whether the connection string is known to be good, so that the driver can be loaded later
 * @param {() => void} listening is called when it does
 * @param {() => Promise<void>} othersAccepted as of Connections.stop(), for a process that shares its port
 * @throws {ConfigurationError} when the connection string is malformed
 */
export function serve(config, listenTo, { checked = false, listening = () => {}, othersAccepted = async () => {} } = {}) {
  const databaseLog = new DatabaseLog(config.connectionString, config.extraAuthorities, { checked });
  const certificates = new CertificateQueue();
  const server = createServer({
    certificates,
    showErrors: config.showErrors,
    log(line) {
      print(line);
      databaseLog.add(line);
    },
    health: () => ({
      status: 'ok',
      version,
      uptime: Math.round(process.uptime() * 10) / 10,
      certificates: { waiting: certificates.length },
      log: { buffered: databaseLog.length, dropped: databaseLog.dropped },
      database: databaseLog.state,
      stdout: { lost: linesLost() },
    }),
  });

  server.on('error', (error) => {
    if (server.listening) return say(error.message); // a connection that cannot be accepted
    say(`cannot listen on port ${config.port}: ${error.message}`);
    process.exit(EXIT_CANNOT_START);
  });
  server.listen(listenTo, () => {
    say(`version ${version}, process ${process.pid}: listens on port ${config.port}`);
    listening();
    setTimeout(loadTheRest, LOAD_MS);
  });

  let stopping = false;
  async function stop() {
    if (stopping) return;
    stopping = true;
    const impatience = setTimeout(() => {
      say('requests unfinished when the time to stop ran out, closing their connections');
      server.closeAllConnections();
    }, FINISH_REQUESTS_MS);
    await server.stop(othersAccepted);
    clearTimeout(impatience);
    certificates.close();
    await databaseLog.close(FLUSH_LOG_MS);
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop);
}
