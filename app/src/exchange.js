// When an exchange of request and response is over.

/**
 * Calls `over` once: when the response is out, or its client has left. Node does not say the latter of a response that
 * is queued behind another on its connection; the connection does.
 */
export function whenOver({ socket }, res, over) {
  let done = false; // both may say it in one go, and then taking the listener away is too late
  const close = () => {
    if (done) return;
    done = true;
    socket.off('close', close);
    over();
  };
  res.on('close', close);
  socket.on('close', close);
}
