// What the servers that the application is compared with answer and log.
export const HOME = `<!DOCTYPE html>
<html><head><title>Express</title><link rel='stylesheet' href='/stylesheets/style.css' /></head>
<body><h1>Express</h1><p>Welcome to Express</p></body></html>
`;

/** A line of the Apache combined format, but for the user and the form of the date. */
export function line(req, status) {
  const { referer = '-', 'user-agent': agent = '-' } = req.headers;
  const request = `${req.method} ${req.url} HTTP/${req.httpVersion}`;
  const { remoteAddress } = req.socket;
  return `${remoteAddress} - - [${new Date().toISOString()}] "${request}" ${status} ${HOME.length} "${referer}" "${agent}"\n`;
}
