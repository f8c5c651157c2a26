// The entry point: one serving process, or a primary that keeps several of them (WEB_CONCURRENCY).
import { ConfigurationError, EXIT_CANNOT_START, readConfig } from './config.js';
import { say } from './output.js';

try {
  const config = readConfig(process.env);
  // Imported when needed, so that the primary does not carry the application in its memory.
  if (process.argv[2] === 'worker') {
    (await import('./worker.js')).work(config, process.argv[3]);
  } else if (config.workers > 1) {
    (await import('./primary.js')).keepWorkers(config);
  } else {
    (await import('./serve.js')).serve(config, { port: config.port });
  }
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  say(error.message);
  process.exit(EXIT_CANNOT_START);
}
