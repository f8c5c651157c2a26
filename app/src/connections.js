// The connections of a server: what is under way on each, what becomes of it, and how the server stops without losing any.
import net from 'node:net';

const { STATUS_CODES } = process.getBuiltinModule('node:http'); // as in app.js
const OPEN = Symbol('the exchanges under way on a connection, oldest first');

// Once it is to stop, the server still accepts until no connection has come for the one time, but hardly longer than the
// other. On a busy machine a client takes its time to come again, and what comes in the moment of closing is lost.
const ACCEPT_MS = { quiet: 250, longest: 3_000 };
// As long may a client take to send what it is about to send on a connection that it keeps.
const IDLE_MS = 1_000;
const CHECK_IDLE_MS = 100;

// What Node.js answers to what it cannot parse; anything else of its parser's is 400.
const REFUSALS = { HPE_HEADER_OVERFLOW: 431, HPE_CHUNK_EXTENSIONS_OVERFLOW: 413, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** A request and its response. */
class Exchange {
  #whenOver = [];
  /** The status that the client got in place of the response, when Node.js could not parse what it sent. */
  refusal = null;

  constructor(res) {
    this.res = res;
  }

  /** Calls `over` once: when the response is out, or when the client has left. */
  whenOver(over) {
    this.#whenOver.push(over);
  }

  /** The status and the length of the body that the client got, or undefined when it got no answer. */
  get outcome() {
    if (this.refusal !== null) return { status: this.refusal };
    const { res } = this;
    // A response that is queued behind another one has no socket yet, but may be complete.
    if (!res.headersSent || !(res.socket || res.writableFinished)) return {};
    return { status: res.statusCode, length: res.contentLength ?? res.getHeader('content-length') };
  }

  end() {
    for (const over of this.#whenOver.splice(0)) over();
  }
}

/** Answers what the parser refuses as Node.js does by itself, and notes it with the exchange that it answers. */
function refuse(error, socket) {
  const status = REFUSALS[error.code] ?? (error.code?.startsWith('HPE_') ? 400 : null);
  const current = socket[OPEN][0];
  // A response that has begun goes on: two would garble each other.
  if (status !== null && socket.writable && !current?.res.headersSent) {
    if (current) current.refusal = status;
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
  }
  socket.destroy(error);
}

export class Connections {
  #server;
  #sockets = new Set();
  /** Once the server stops: fulfilled when it accepts no more, nor do those with which it shares its port. */
  #accepted = null;

  /**
   * @param {import('node:http').Server} server
   * @param {(req, res, exchange: Exchange) => void} answer
   */
  constructor(server, answer) {
    this.#server = server;
    server.on('connection', (socket) => this.#add(socket));
    server.on('clientError', refuse);
    server.on('request', (req, res) => {
      const exchange = this.#begin(req.socket, res);
      if (this.#accepted === null) answer(req, res, exchange);
      else this.#answerLater(req, res, exchange, answer);
    });
  }

  #add(socket) {
    const open = [];
    socket[OPEN] = open;
    this.#sockets.add(socket);
    // A response that is queued behind another one gets no event when its client has left.
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const exchange of open.splice(0)) exchange.end();
    });
  }

  #begin(socket, res) {
    const open = socket[OPEN];
    const exchange = new Exchange(res);
    open.push(exchange);
    res.on('close', () => {
      const index = open.indexOf(exchange);
      if (index === -1) return; // the connection was first
      open.splice(index, 1);
      exchange.end();
    });
    return exchange;
  }

  /**
   * Stops without losing a request: accepts what the kernel has queued, closes each connection with the answer to its last
   * request, and gives connections without one a second.
   *
   * @param {() => Promise<void>} othersAccepted is called when this server accepts no more; fulfilled when none does
   * @returns {Promise<void>} fulfilled when no connection is left
   */
  async stop(othersAccepted) {
    let closed;
    this.#accepted = this.#acceptWhatIsQueued().then(() => {
      // Not http.Server's own close(), which closes idle connections at once, whatever is on its way on them.
      closed = new Promise((resolve) => net.Server.prototype.close.call(this.#server, resolve));
      return othersAccepted();
    });
    for (const socket of this.#sockets) closeAfterTheLast(socket[OPEN]);
    await this.#accepted;
    setTimeout(() => setInterval(() => this.#closeIdle(), CHECK_IDLE_MS).unref(), IDLE_MS).unref();
    await closed;
  }

  // Until then no request is answered: a client that has its answer would come again, with another connection, and the
  // queue would hardly ever be empty.
  async #acceptWhatIsQueued() {
    let latest = performance.now();
    const longest = latest + ACCEPT_MS.longest;
    let accepted;
    const note = () => {
      accepted = true;
      latest = performance.now();
    };
    this.#server.on('connection', note);
    // The event loop accepts one connection in a turn.
    do {
      accepted = false;
      await new Promise(setImmediate);
    } while (accepted || performance.now() < Math.min(latest + ACCEPT_MS.quiet, longest));
    this.#server.off('connection', note);
  }

  async #answerLater(req, res, exchange, answer) {
    await this.#accepted;
    await new Promise(setImmediate); // now all is parsed that came with it on its connection
    closeAfterTheLast(req.socket[OPEN]);
    answer(req, res, exchange);
  }

  #closeIdle() {
    this.#server.closeIdleConnections();
    // Those that never sent anything do not count as idle.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}

/** Has the connection closed with the last of its responses. */
function closeAfterTheLast(exchanges) {
  for (const { res } of exchanges) {
    if (res.headersSent) continue;
    if (res === exchanges.at(-1).res) res.setHeader('Connection', 'close');
    else res.removeHeader('Connection');
  }
}
