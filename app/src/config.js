// Reads the environment: the settings of the application, and one clear line for each that is wrong.
import { readFileSync } from 'node:fs';

const CONNECTION_STRING_FORM =
  'mongodb://[username:password@]host1[:port1][,...][/[database][?options]]';

/** The exit code of a process with a wrong setting: another start does not help. */
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

/** The PEM files whose certificate authorities are trusted besides the built-in ones: one or none. */
function extraAuthorities(file) {
  if (!file) return [];
  try {
    const pem = readFileSync(file, 'utf8');
    new (process.getBuiltinModule('node:crypto').X509Certificate)(pem); // throws when there is none
    return [pem];
  } catch (error) {
    throw new ConfigurationError(`NODE_EXTRA_CA_CERTS is ${JSON.stringify(file)}, not a PEM file to be read: ${error.message}`);
  }
}

/**
 * @param {Record<string, string | undefined>} env as of process.env
 * @returns port to listen on, number of worker processes (1: this process alone), connection string, certificate
 *   authorities as PEM texts, and whether error pages show status and stack
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
    extraAuthorities: extraAuthorities(env.NODE_EXTRA_CA_CERTS),
    showErrors: (env.NODE_ENV || 'development') === 'development',
  };
}
