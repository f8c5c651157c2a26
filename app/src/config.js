// Reads the environment: what the application may be told, and one clear line for whatever is wrong with it.

const CONNECTION_STRING_FORM =
  'mongodb://[username:password@]host1[:port1][,...][/[database][?options]]';

/** The exit code of a process that was told something it cannot work with: starting it again will not help. */
export const EXIT_CANNOT_START = 2;

/** Something in the environment is wrong; the message is fit to be shown, so it never quotes a connection string. */
export class ConfigurationError extends Error {
  name = 'ConfigurationError';

  static connectionString(found) {
    return new ConfigurationError(`DB_CONNECTION_STRING ${found}; expected ${CONNECTION_STRING_FORM}`);
  }
}

function integer(env, name, fallback, smallest, largest) {
  const text = env[name] || String(fallback);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < smallest || value > largest) {
    throw new ConfigurationError(`${name} is ${JSON.stringify(text)}; expected a whole number from ${smallest} to ${largest}`);
  }
  return value;
}

/**
 * @param {Record<string, string | undefined>} env as of process.env
 * @returns port to listen on, number of worker processes (1: this process alone), connection string, and whether
 *   error pages show status and stack
 * @throws {ConfigurationError} for the first thing that is wrong
 */
export function readConfig(env) {
  const connectionString = env.DB_CONNECTION_STRING;
  if (!connectionString) throw ConfigurationError.connectionString('is missing');
  if (!/^mongodb(\+srv)?:\/\//.test(connectionString)) {
    throw ConfigurationError.connectionString('does not start with mongodb://');
  }
  return {
    port: integer(env, 'PORT', 3000, 1, 65535),
    workers: integer(env, 'WEB_CONCURRENCY', 1, 1, 64),
    connectionString,
    showErrors: (env.NODE_ENV || 'development') === 'development',
  };
}
