// HTTP through the host's gate: whole answers, typed failures.
//
// The component has `fetch` too. It cannot say why there is no answer, though, and that decides whether
// the service may have acted: this client can.

import { Failure } from './failure.js';
import { currentHost, SendError } from './host.js';
import { secondsToWait } from './retry-after.js';

const READS = ['GET', 'HEAD', 'OPTIONS'];

class Response {
  #changes;
  #what;

  constructor(call, changes, answer) {
    this.status = answer.status;
    this.headers = new Headers(answer.headers);
    this.body = answer.body;
    this.#changes = changes;
    const url = new URL(call.url);
    this.#what = `${url.hostname} answered ${answer.status} to ${call.method} ${url.pathname}`;
  }

  text() {
    return new TextDecoder().decode(this.body);
  }

  json() {
    try {
      return JSON.parse(this.text());
    } catch {
      throw this.unclear('which is not JSON');
    }
  }

  expect(...statuses) {
    if (statuses.includes(this.status)) {
      return this;
    }
    throw this.failure();
  }

  failure() {
    const { status } = this;
    const say = (what) => `${this.#what}: ${what}`;
    switch (status) {
      case 401:
        return Failure.denied('unauthorized', say('it does not accept the credential'));
      case 403:
        return Failure.denied('forbidden', say('a right is missing'));
      case 404:
      case 410:
        return Failure.notFound('not-found', say('it does not exist'));
      case 409:
      case 412:
        return Failure.conflict('conflict', say('somebody else changed it at the same time'));
      case 429:
        return Failure.unavailable('throttled', say('it asks to slow down'), this.retryAfter());
    }
    if (status >= 400 && status < 500 && status !== 408) {
      return Failure.denied('refused', this.#what);
    }
    return this.unclear(this.#changes ? 'which does not say whether it was done' : 'which is no answer');
  }

  unclear(why) {
    const message = `${this.#what}, ${why}`;
    return this.#changes
      ? Failure.uncertain('unclear-answer', message)
      : Failure.unavailable('unclear-answer', message, this.retryAfter());
  }

  retryAfter() {
    return secondsToWait(this.headers.get('retry-after') ?? '', currentHost().now());
  }
}

async function request(method, url, { headers = {}, bearer, json, body, changes } = {}) {
  const fields = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  if (bearer !== undefined) {
    fields.authorization = `Bearer ${bearer}`;
  }
  if (json !== undefined) {
    body = JSON.stringify(json);
    fields['content-type'] ??= 'application/json';
  }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array());
  const call = { method, url: String(url), headers: fields, body: bytes };
  const mayChange = changes ?? !READS.includes(method);
  try {
    return new Response(call, mayChange, await currentHost().send(call));
  } catch (error) {
    throw error instanceof SendError ? failureOf(error, mayChange) : error;
  }
}

function failureOf({ kind, message }, changes) {
  switch (kind) {
    case 'refused':
      return Failure.denied('request-denied', `the request was not allowed: ${message}`);
    case 'not-sent':
      return Failure.unavailable('no-answer', `the service could not be reached: ${message}`);
  }
  const lost = `the answer was lost: ${message}`;
  return changes ? Failure.uncertain('answer-lost', lost) : Failure.unavailable('no-answer', lost);
}

export const http = {
  request,
  get: (url, options) => request('GET', url, options),
  post: (url, options) => request('POST', url, options),
  put: (url, options) => request('PUT', url, options),
  patch: (url, options) => request('PATCH', url, options),
  delete: (url, options) => request('DELETE', url, options),
};
