// One serving process: puts the parts together, listens, and stops in good order on SIGTERM.
import { readFileSync } from 'node:fs';

import { createServer } from './app.js';
import { CertificateQueue } from './certificates.js';
import { EXIT_CANNOT_START } from './config.js';
import { DatabaseLog } from './database-log.js';
import { print, say } from './output.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)));

// Together below the 30 s that ECS gives a container between SIGTERM and SIGKILL.
const FINISH_REQUESTS_MS = 20_000;
const FLUSH_LOG_MS = 5_000;

/**
 * Listens until SIGTERM.
 * @param config as of readConfig
 * @throws {ConfigurationError} when the connection string is malformed
 */
export function serve(config) {
  const databaseLog = new DatabaseLog(config.connectionString, config.extraAuthorities);
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
    }),
  });

  server.on('error', (error) => {
    if (server.listening) return say(error.message); // a connection that cannot be accepted
    say(`cannot listen on port ${config.port}: ${error.message}`);
    process.exit(EXIT_CANNOT_START);
  });
  server.listen(config.port, () => {
    say(`version ${version}, process ${process.pid}: listens on port ${config.port}`);
  });

  let stopping = false;
  async function stop() {
    if (stopping) return;
    stopping = true;
    const closed = new Promise((resolve) => server.close(resolve));
    // A connection becomes idle when its request is answered, and would be kept for the next one.
    const closeIdle = setInterval(() => server.closeIdleConnections(), 100);
    const impatience = setTimeout(() => {
      say('requests unfinished when the time to stop ran out, closing their connections');
      server.closeAllConnections();
    }, FINISH_REQUESTS_MS);
    await closed;
    clearInterval(closeIdle);
    clearTimeout(impatience);
    certificates.close();
    await databaseLog.close(FLUSH_LOG_MS);
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop);
}
