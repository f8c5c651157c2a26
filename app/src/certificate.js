// A fresh RSA key and the empty certificate around it, in the JSON form of node-forge on Node.js 8 to 20.
import { generateKeyPairSync } from 'node:crypto';

const DIGIT_BITS = 28n;
const DIGIT_MASK = (1n << DIGIT_BITS) - 1n;

/** A number as node-forge serialises it: 28-bit digits, least significant first, their count and the sign. */
function digits(base64url) {
  const data = [];
  for (let rest = BigInt(`0x${Buffer.from(base64url, 'base64url').toString('hex')}`); rest > 0n; rest >>= DIGIT_BITS) {
    data.push(Number(rest & DIGIT_MASK));
  }
  return { data, t: data.length, s: 0 };
}

/** @returns {string} the body of /generatecert, some 6 kB of JSON. Takes about 0.1 s of CPU time, all at once. */
export function makeCertificate() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 65537 });
  const jwk = privateKey.export({ format: 'jwk' });
  const now = new Date();
  const publicKey = { n: digits(jwk.n), e: digits(jwk.e) };
  return JSON.stringify({
    keys: {
      privateKey: {
        ...publicKey,
        d: digits(jwk.d),
        p: digits(jwk.p),
        q: digits(jwk.q),
        dP: digits(jwk.dp),
        dQ: digits(jwk.dq),
        qInv: digits(jwk.qi),
      },
      publicKey,
    },
    cert: {
      version: 2,
      serialNumber: '00',
      signatureOid: null,
      signature: null,
      siginfo: { algorithmOid: null },
      validity: { notBefore: now, notAfter: now },
      issuer: { attributes: [], hash: null },
      subject: { attributes: [], hash: null },
      extensions: [],
      publicKey,
      md: null,
    },
  });
}
