// The request log's line: the Apache "combined" format.
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const clock = { second: NaN, text: '' };

/** The time as of now: made once a second, since it is in each line. */
function clfDate() {
  const second = Math.floor(Date.now() / 1000);
  if (second !== clock.second) {
    const date = new Date(second * 1000);
    const two = (number) => String(number).padStart(2, '0');
    const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
    clock.text = `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
    clock.second = second;
  }
  return clock.text;
}

function remoteUser(authorization) {
  const credentials = /^ *basic +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization);
  const user = credentials && /^([^:]*):/.exec(Buffer.from(credentials[1], 'base64').toString());
  // The one field that a client can put a line break into.
  return user && user[1].replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Calls `log` with one line when the exchange is over, however it ended. */
export function logWhenOver(req, exchange, log) {
  const address = req.socket.remoteAddress; // unknown once the client has left
  exchange.whenOver(() => {
    const { authorization, referer, referrer, 'user-agent': agent } = req.headers;
    const { status = '-', length = '-' } = exchange.outcome;
    const user = (authorization && remoteUser(authorization)) || '-';
    const request = `${req.method} ${req.url} HTTP/${req.httpVersion}`;
    log(
      `${address || '-'} - ${user} [${clfDate()}] "${request}" ${status} ${length} "${referer || referrer || '-'}" "${agent || '-'}"`,
    );
  });
}
