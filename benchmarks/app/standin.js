// A stand-in for the original: express 4 with morgan, and certificates that block the event loop.
import express from 'express';
import morgan from 'morgan';
import forge from 'node-forge';

import { HOME } from './page.js';

// As the release that the original uses makes its keys; later ones call Node's own, just as synchronously.
forge.options.usePureJavaScript = true;

const app = express();
app.use(morgan('combined'));
app.use(express.json());
app.use(express.urlencoded({ extended: false }));
app.get('/', (req, res) => res.send(HOME));
app.get('/health', (req, res) => res.send('ok'));
app.get('/generatecert', (req, res) => {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const cert = forge.pki.createCertificate();
  cert.publicKey = keys.publicKey;
  res.json({ keys, cert });
});
app.listen(Number(process.env.PORT));
