// What a plugin's unit tests need.

import type { Plugin, Request, SettingValue, Update } from './index.js';

/** A request as it was sent. The names of its headers are in lower case. */
export interface Call {
  method: string;
  url: string;
  headers: { [name: string]: string };
  body: Uint8Array;
}

/** A whole answer. */
export interface Answer {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** Why there is no whole answer to a request: nothing was sent, or it is not known what came of it. */
export class SendError extends Error {
  constructor(kind: 'refused' | 'not-sent' | 'lost', reason: string);
}

/** A host whose peer is a function, and whose time passes only in `clock.sleep`. */
export class FakeHost {
  /** The peer answers a call, so many milliseconds after the start, or throws a `SendError`. */
  constructor(peer: (call: Call, elapsed: number) => Answer);
  /** A host whose peer gives these answers in turn, then loses every further one. */
  static scripted(...answers: (Answer | SendError)[]): FakeHost;
  /** Runs steps of a plugin on this host. */
  run<T>(steps: () => Promise<T>): Promise<T>;
  /** The requests so far. */
  sent: Call[];
  /** The lines logged so far. */
  logged: string[];
  /** The requests so far, as `METHOD /path`. */
  calls(): string[];
}

/** Makes an answer. */
export function answer(status: number, json?: unknown, headers?: { [name: string]: string }): Answer;

type Fields = { [label: string]: string };

/** Makes a request with these fields of its records, and the defaults of the plugin's settings. */
export function request(
  plugin: Plugin,
  parts?: {
    target?: Fields;
    attached?: Fields[];
    provider?: Fields;
    settings?: { [key: string]: SettingValue };
    proposed?: string;
    deliver?: Update[];
  },
): Request;
