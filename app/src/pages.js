// What the application answers with: the pages, and how a body is sent.
import encodeUrl from 'encodeurl';
import etag from 'etag';
import fresh from 'fresh';

const HTML = 'text/html; charset=utf-8';
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;', '`': '&#x60;', '=': '&#x3D;' };

export function escapeHtml(text) {
  return text.replace(/[&<>"'`=]/g, (character) => ESCAPES[character]);
}

function layout(title, content) {
  return `<!DOCTYPE html>
<html>
  <head>
    <title>${title}</title>
    <link rel='stylesheet' href='/stylesheets/style.css' />
  </head>
  <body>
    ${content}

  </body>
</html>
`;
}

/** A body with all that is known of it beforehand. */
export function document(type, text) {
  const body = Buffer.from(text);
  return { type, body, etag: etag(body, { weak: true }) };
}

export const home = document(HTML, layout('Express', '<h1>Express</h1>\n<p>Welcome to Express</p>'));

const redirectPage = (link) => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Redirecting</title>
</head>
<body>
<pre>Redirecting to <a href="${link}">${link}</a></pre>
</body>
</html>
`;

export function send(req, res, status, { type, body, etag }) {
  if (etag && status === 200 && (req.method === 'GET' || req.method === 'HEAD') && fresh(req.headers, { etag })) {
    res.writeHead(304, { ETag: etag }).end();
    return;
  }
  res.contentLength = body.length; // for the log: a response keeps no headers that are written in one go, which is faster
  res.writeHead(status, { ...(etag && { ETag: etag }), 'Content-Type': type, 'Content-Length': body.length });
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** @param {string} target path and query as the client wrote them */
export function sendRedirect(req, res, target) {
  const location = encodeUrl(target);
  res.setHeader('Content-Security-Policy', "default-src 'self'");
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Location', location);
  const link = location.replaceAll('&', '&amp;').replaceAll("'", '&#39;');
  send(req, res, 301, { type: 'text/html; charset=UTF-8', body: Buffer.from(redirectPage(link)) });
}

/** @param {boolean} details whether the page shows status and stack, as in development */
export function sendError(req, res, error, details) {
  const [status, stack] = details ? [error.status, escapeHtml(error.stack)] : ['', ''];
  const content = `<h1>${escapeHtml(error.message)}</h1>\n<h2>${status}</h2>\n<pre>${stack}</pre>`;
  for (const [name, value] of Object.entries(error.headers ?? {})) res.setHeader(name, value);
  send(req, res, error.status, document(HTML, layout('', content)));
}
