// The host, over WASI: HTTP through the gate, the clocks, our log. In a component only.

import { subscribeDuration } from 'wasi:clocks/monotonic-clock@0.2.12';
import { handle } from 'wasi:http/outgoing-handler@0.2.12';
import { Fields, OutgoingBody, OutgoingRequest } from 'wasi:http/types@0.2.12';
import { write as writeLog } from 'pamrun:plugin/log@0.1.0';
import { SendError } from './host.js';

// What `blocking-write-and-flush` takes at once.
const CHUNK = 4096;
const READ = 65536n;

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'];

const REFUSED = ['http-request-denied', 'destination-ip-prohibited'];
// What is not known to have happened before the request went out counts as lost.
const NOT_SENT = [
  'dns-timeout',
  'dns-error',
  'destination-not-found',
  'destination-unavailable',
  'destination-ip-unroutable',
  'connection-refused',
  'connection-timeout',
  'connection-limit-reached',
  'tls-protocol-error',
  'tls-certificate-error',
  'tls-alert-received',
  'http-request-length-required',
  'http-request-body-size',
  'http-request-method-invalid',
  'http-request-uri-invalid',
  'http-request-uri-too-long',
  'http-request-header-section-size',
  'http-request-header-size',
];

export const wasi = {
  send(call) {
    const [request, body] = outgoing(call);
    let future;
    try {
      future = handle(request);
    } catch (error) {
      throw sorted(codeOf(error), false);
    }
    // A refused request takes its body unread: only the answer knows why the writing failed.
    const written = write(body, call.body);
    return using(future, () => {
      using(future.subscribe(), (ready) => ready.block());
      const whole = future.get();
      if (whole?.tag !== 'ok') {
        throw new SendError('lost', 'the host gave no answer');
      }
      const { tag, val } = whole.val;
      if (tag !== 'ok') {
        throw sorted(val, true);
      }
      return using(val, (answer) => {
        if (!written) {
          throw new SendError('lost', 'the request could not be written');
        }
        return read(answer);
      });
    });
  },

  now: () => Date.now(),

  sleep(milliseconds) {
    const nanoseconds = BigInt(Math.round(Math.max(0, milliseconds) * 1e6));
    using(subscribeDuration(nanoseconds), (over) => over.block());
  },

  log: (level, message) => writeLog(level, message),
};

/** Lets go of a resource after its use: its owner must not go before it, and a garbage collector might let it. */
function using(resource, use) {
  try {
    return use(resource);
  } finally {
    resource[Symbol.dispose ?? Symbol.for('dispose')]();
  }
}

function outgoing(call) {
  const unfit = (part) => new SendError('not-sent', `the ${part} of the request is not one that can be sent`);
  let url;
  try {
    url = new URL(call.url);
  } catch {
    throw unfit('URL');
  }
  const headers = { ...call.headers };
  if (call.body.length > 0) {
    headers['content-length'] = String(call.body.length);
  }
  const fields = new Fields();
  for (const [name, value] of Object.entries(headers)) {
    try {
      fields.append(name, new TextEncoder().encode(value));
    } catch {
      throw unfit(`header ${name}`);
    }
  }
  const request = new OutgoingRequest(fields);
  const method = call.method.toLowerCase();
  try {
    request.setMethod(METHODS.includes(method) ? { tag: method } : { tag: 'other', val: call.method });
    request.setScheme({ tag: url.protocol === 'http:' ? 'HTTP' : 'HTTPS' });
    request.setAuthority(url.host);
    request.setPathWithQuery(url.pathname + url.search);
    return [request, request.body()];
  } catch {
    throw unfit('method or URL');
  }
}

function write(body, bytes) {
  try {
    using(body.write(), (stream) => {
      for (let at = 0; at < bytes.length; at += CHUNK) {
        stream.blockingWriteAndFlush(bytes.subarray(at, at + CHUNK));
      }
    });
    OutgoingBody.finish(body, undefined);
    return true;
  } catch {
    return false;
  }
}

function read(answer) {
  const entries = using(answer.headers(), (fields) => fields.entries());
  const headers = entries.map(([name, value]) => [name, new TextDecoder('latin1').decode(value)]);
  const body = using(answer.consume(), (body) => using(body.stream(), readAll));
  return { status: answer.status(), headers, body };
}

function readAll(stream) {
  const chunks = [];
  for (;;) {
    try {
      chunks.push(stream.blockingRead(READ));
    } catch (error) {
      if (codeOf(error)?.tag === 'closed') {
        return joined(chunks);
      }
      throw new SendError('lost', 'the answer broke off');
    }
  }
}

function joined(chunks) {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

const codeOf = (error) => error?.payload ?? error;

/** Sorts the host's reasons by the one question that matters: may the service have acted? */
function sorted(code, sent) {
  const name = String(code?.tag).toLowerCase();
  const reason = (name === 'internal-error' && code.val) || name.replaceAll('-', ' ');
  if (REFUSED.includes(name)) {
    return new SendError('refused', reason);
  }
  return new SendError(NOT_SENT.includes(name) || !sent ? 'not-sent' : 'lost', reason);
}
