// What a plugin's unit tests need.

import {
  Answer,
  Inputs,
  Listed,
  Refused,
  Rejected,
  Request,
  Requests,
  Said,
  SECRET,
  Settings,
  Trouble,
  Unavailable,
  Uncertain,
  Value,
} from './index.js';

export { SECRET };

/** What answers a request: always this, these in turn, or a function of its parameters. */
export type Peer = Reply | Reply[] | ((params: { [name: string]: string | number }) => Reply);
export type Reply = Answer<any, any> | Trouble;

/**
 * A host whose requests are answered by name, and whose time passes only in `clock.sleep`:
 *
 *     const host = new FakeHost({ tokens: answer({}, [listed('old')]), delete: rejected(404) });
 *     const plan = host.run(() => tokens.preflight(request({ 'target.account': 'a1' })));
 *     assert.deepEqual(host.calls, [['tokens', {}]]);
 */
export class FakeHost {
  constructor(peers: { [N in keyof Requests]?: Peer }, manifest?: string);
  /** The calls so far: names and parameters. */
  calls: [name: string, params: { [name: string]: string | number }][];
  /** The lines that were logged. */
  logged: string[];
  /** The milliseconds that were slept. */
  elapsed: number;
  /** Runs steps with this host. */
  run<T>(steps: () => T): T;
  /** The names of the requests so far. */
  called(): string[];
}

/** A success with these outputs, and these credentials. */
export function answer(outputs?: { [name: string]: Value }, items?: Listed<any>[]): Answer<any, any>;
/** A credential that an answer lists. */
export function listed(id: string, rest?: Partial<Listed<any>>): Listed<any>;
/** The service did nothing, and says so. */
export function rejected(status: number, said?: Omit<Said, 'status'>): Rejected;
/** The service cannot answer now; 0 is no answer at all. */
export function unavailable(status?: number, said?: Omit<Said, 'status'>): Unavailable;
/** It is unknown whether the service did it. */
export function lost(reason?: string): Uncertain;
/** The host does not send it. */
export function refused(reason: string): Refused;

/** What a step is given: these inputs, and the settings with their defaults. */
export function request(
  inputs?: { [N in keyof Inputs]?: Value },
  rest?: {
    settings?: Partial<Settings>;
    mode?: 'dry-run' | 'act';
    target?: string;
    deliver?: string[];
    manifest?: string;
  },
): Request;
