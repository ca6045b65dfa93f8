// Write pamrun plugins in JavaScript.

/** The requests that the manifest declares: `manifest.d.ts`, which the build makes of it, fills these in. */
export interface Requests {}
/** The inputs of the manifest, as `GROUP.KEY`. */
export interface Inputs {}
/** The settings of the manifest. */
export interface Settings {}

/** A value that is there, and that the host keeps. */
export const SECRET: unique symbol;

/** A value as it passes between a plugin and its host. Times are RFC 3339 text, durations milliseconds. */
export type Value = string | number | boolean | string[] | typeof SECRET;

/** A credential of the target, as a listing of the service shows it. */
export interface Listed<O = {}> {
  /** Its id. */
  id: string;
  /** Its name at the service. */
  label?: string;
  /** When it was made. */
  created?: string;
  /** When it ends. */
  expires?: string;
  /** Whether it is disabled. */
  disabled: boolean;
  /** What else the manifest takes of it. */
  outputs: O;
}

/** A success. */
export interface Answer<O = {}, I = {}> {
  /**
   * What the manifest takes of it; an optional output may be missing. The id of what a request created is the
   * output `id`.
   */
  outputs: O;
  /** The credentials that it lists. */
  items: Listed<I>[];
}

type Of<N extends keyof Requests, K extends string> = Requests[N] extends { [key in K]: infer T } ? T : {};
type Params<N extends keyof Requests> = {} extends Of<N, 'params'> ? [] : [params: Of<N, 'params'>];

/**
 * Has the host send a request of the manifest, and waits until it is over. Throws `Rejected`, `Unavailable`,
 * `Uncertain` or `Refused` where it is no success. A time is RFC 3339 text or a `Date`.
 */
export function call<N extends keyof Requests>(
  request: N,
  ...params: Params<N>
): Answer<Of<N, 'outputs'>, Of<N, 'items'>>;

/** Why there is no success: one of the four below. */
export class Trouble extends Error {}

/** What a service answered instead of doing what it was asked. */
export interface Said {
  /** The status of HTTP; 0 where no answer came. */
  status?: number;
  /** What the service says of it, as the manifest's `errors` name it. */
  errors?: { [name: string]: any };
  /** How long it asks to wait, in milliseconds. */
  retryAfter?: number;
}

declare class Answered extends Trouble {
  constructor(request: string, said?: Said);
  /** Whose answer it is: of the request itself, or of one that the host sent for it, as for a token. */
  request: string;
  /** The status of HTTP; 0 where no answer came. */
  status: number;
  /** What the service says of it, as the manifest's `errors` name it. */
  errors: { [name: string]: any };
  /** How long it asks to wait, in milliseconds. */
  retryAfter?: number;
}

/** The service did nothing, and says so. */
export class Rejected extends Answered {
  // Otherwise it would be the same type as `Unavailable`.
  private readonly isRejected: true;
}

/** The service cannot answer now, and did nothing; or its answer to a read is none. */
export class Unavailable extends Answered {
  private readonly isUnavailable: true;
}

/** It is unknown whether the service did what it was asked. */
export class Uncertain extends Trouble {
  constructor(reason: string);
  /** Why, in words. */
  reason: string;
}

/** The host did not send it. */
export class Refused extends Trouble {
  constructor(reason: string);
  /** Why, in words. */
  reason: string;
}

/** What the host decides by. All but `uncertain` and `other` promise that the step changed nothing. */
export type Kind =
  /** A record or a setting cannot be right. */
  | 'invalid'
  /** The service refuses: a missing right, a policy. */
  | 'denied'
  /** What is to be rotated does not exist. */
  | 'not-found'
  /** Somebody else changed it at the same time, and trying again did not help. */
  | 'conflict'
  /** The service says that the credential is wrong. */
  | 'wrong-credential'
  /** The service cannot answer now, and did nothing. */
  | 'unavailable'
  /** It is unknown whether the service did what it was asked. */
  | 'uncertain'
  /** Anything else. */
  | 'other';

/** Why a step failed. */
export class Failure extends Error {
  constructor(kind: Kind, code: string, message: string, fix?: string);
  kind: Kind;
  /** A stable word in kebab-case. */
  code: string;
  /** What to do about it. */
  fix?: string;
}

/**
 * Ends the step. `code` is a stable word in kebab-case; `message` says in one or two sentences what was wrong, and
 * where; `fix` what to do.
 */
export function fail(kind: Kind, code: string, message: string, fix?: string): never;

/** What an operator should know before a rotation. */
export interface Finding {
  /** Good to know; it may fail, or wants attention; the rotation will fail. */
  level: 'info' | 'warning' | 'error';
  /** A word in kebab-case that stays the same from version to version. */
  code: string;
  /** What was found, and where. */
  message: string;
  /** What to do about it. */
  fix?: string;
}

/** Makes a finding, for `findings` of a plan. */
export function finding(level: Finding['level'], code: string, message: string, fix?: string): Finding;

/** What every step is given. */
export interface Request {
  /** The id of this rotation, the same in all its steps. */
  rotationId: string;
  /** The name of what this try makes. */
  marker: string;
  /** The number of the try, from 1; 0 when none will be made. */
  attempt: number;
  /** Whether a rotation follows: with `dry-run` it is looked at, and nothing will be changed. */
  mode: 'dry-run' | 'act';
  /** Whether this is a dry run. Preflight may then look at more than a rotation needs. */
  isDryRun: boolean;
  /** The target's identity, once preflight has ended. */
  target?: string;
  /** The inputs that are there, as `GROUP.KEY`; of each group also `GROUP.record` and `GROUP.role`. */
  inputs: { [name: string]: Value };
  /** The settings that have a value. */
  settings: { [key: string]: Value };
  /** The labels of the fields that a consumer is to receive. */
  deliver: string[];
  /** The text of an input; nothing where it is missing, or the host keeps it. */
  input(name: keyof Inputs): string | undefined;
  /** The value of a setting; nothing where it has none. */
  setting<K extends keyof Settings>(key: K): Settings[K];
  /** Whether a name at the service is the marker of any try of this rotation. */
  madeThis(name: string | undefined): boolean;
}

/** What preflight found, and what the later steps may therefore do. */
export interface Plan {
  /** What will be made, in words for people. */
  creates: string;
  /** The ids of exactly what commit removes, of those that a listing showed. */
  removes: string[];
  /** The target's slots, where the service has a fixed number of them. */
  slots?: { used: number; most: number };
  /** A note to the later steps, 16 KiB at most; it is journaled. */
  context: string;
  /** What an operator should know. */
  findings: Finding[];
}

/** What `rotate` made. */
export interface Credential {
  /** The id of the new credential; none where the strategy has none. */
  id?: string;
  /** The returns that the manifest leaves to the plugin, by label. */
  returns?: { [label: string]: Exclude<Value, typeof SECRET> };
  /** When it ends, as an RFC 3339 time. */
  expires?: string;
}

/** What `verify` found out: the service accepted the new credential, or could not be asked. */
export interface Proof {
  /** Why the service could not be asked. */
  unproven?: string;
}

/** A credential that was to be retired, and what has become of it. */
export interface Retired {
  id: string;
  state: 'present' | 'disabled' | 'gone';
}

/**
 * The steps of a rotation. The host calls them in this order and decides what happens in between. Each call may
 * meet a fresh instance, so nothing is kept from one to the next but the plan. A step fails by `fail(…)`; trouble
 * of a call that it lets pass becomes a failure by itself.
 */
export interface Steps {
  /** Looks, and changes nothing. However it fails, the rotation ends before anything is touched. */
  preflight(request: Request): Pick<Plan, 'creates'> & Partial<Plan>;
  /**
   * Makes the new credential, and removes nothing. Do not try again where it is `Uncertain` whether the service did
   * it: the host knows, and calls `rollback`.
   */
  rotate(request: Request, plan: Plan): Credential;
  /**
   * Proves the new credential by a request that uses it. Fails with the kind `wrong-credential` when the service
   * says no. Without this step nothing is proven, and nothing is removed afterwards.
   */
  verify?(request: Request, plan: Plan, id?: string): Proof;
  /** Removes what `plan.removes` lists; may be called again. Without this step all of it stays. */
  commit?(request: Request, plan: Plan, id?: string): Retired[];
  /**
   * Removes what this rotation made: `id`, where it is known, and whatever `request.madeThis` recognises. May be
   * called again.
   */
  rollback?(request: Request, plan: Plan, id?: string): Retired[];
}

/** A plugin: all steps, checked. */
export interface Plugin {
  preflight(request: Request): Plan;
  rotate(request: Request, plan: Plan): Credential & { returns: { [label: string]: Value } };
  verify(request: Request, plan: Plan, id?: string): Proof;
  commit(request: Request, plan: Plan, id?: string): Retired[];
  rollback(request: Request, plan: Plan, id?: string): Retired[];
}

/** Makes a plugin of its steps. It is the default export of the author's module. */
export function plugin(steps: Steps): Plugin;

/**
 * Does it again while the service is busy, for so many milliseconds of pauses (480 000): as long as `action` throws
 * `Unavailable`, or `Rejected` with 429 or 503. It waits as long as the service asks, or else four times, a little
 * longer each time; where a pause is more than is left, it throws what the service said. What is uncertain is never
 * tried again.
 */
export function retry<T>(action: () => T, milliseconds?: number): T;

/**
 * Probes until there is something, for so many milliseconds (60 000): until a new credential has spread, for
 * example. Returns what `probe` gave first that counts as true, and what it gave last once the time is over. A busy
 * service is asked again as it asks, and one that says nothing for half a minute.
 */
export function until<T>(probe: () => T, milliseconds?: number): T;

export const clock: {
  now(): Date;
  sleep(milliseconds: number): void;
};

/** Lines for people. The host shows them when the step ends. */
export const log: {
  /** Of use to the plugin's author. */
  debug(message: string): void;
  /** What is going on. */
  info(message: string): void;
  /** What an operator should look at. */
  warn(message: string): void;
};
