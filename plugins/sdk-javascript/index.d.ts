// Write pamrun plugins in JavaScript.

export type Step = 'preflight' | 'rotate' | 'verify' | 'commit' | 'rollback';

/** A kind of record that a plugin wants to see, and the fields of it. */
export interface RecordAsk {
  role: 'target' | 'attached' | 'provider';
  fields: string[];
  /** Only records that have all these fields are meant. */
  has?: string[];
  /** These fields are no secrets, even where only the gateway's params know them. */
  plain?: string[];
}

/** A field of the target record that a plugin updates. */
export interface Returned {
  label: string;
  place: 'custom' | 'standard';
  type: string;
}

/** A value of an enum, and what it means. */
export interface DescribedValue {
  value: string;
  description: string;
}

/** A setting that a plugin reads. */
export interface SettingSchema {
  key: string;
  type: 'text' | 'multiline' | 'secret' | 'url' | 'int' | 'number' | 'bool' | 'enum' | 'duration';
  description: string;
  /** Its name for people; a record may set it under this name too. */
  label?: string;
  /** Further names under which a record may set it. */
  aliases?: string[];
  /** The value when nobody sets one. */
  default?: string | number | boolean;
  /** The values of an enum, each with or without what it means. */
  values?: (string | DescribedValue)[];
  /** The least that an int, number or duration may be; a duration as in `default`: `'5m'`. */
  min?: string | number;
  /** The most that it may be. */
  max?: string | number;
  /** Somebody must set it. */
  required?: boolean;
}

/** A kind of request that a plugin sends. */
export interface RequestRule {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A host, or `{setting:KEY}`. */
  host: string;
  /** `*` is one segment. */
  path: string;
  /** The steps that send it; without, all of them. */
  steps?: (Step | 'all')[];
  /** It removes a credential, whose id stands here: a JSON pointer into the body, or `{id}` in the path. */
  removes?: string;
}

/** What a plugin says of itself, as plain data. */
export interface Manifest {
  name: string;
  version: string;
  strategy: 'overlap' | 'in-place' | 'deliver';
  records: RecordAsk[];
  requests: RequestRule[];
  description?: string;
  returns?: Returned[];
  settings?: SettingSchema[];
  /** Without them, those of the requests. */
  hosts?: string[];
}

/** One field of a record. */
export interface Field {
  /** Its label; where it has none, its type. */
  label: string;
  /** Its type; empty where only the gateway's params knew the field. */
  kind: string;
  /** Its values. What is not a string is JSON text. */
  values: string[];
}

/** One record, cut down to the fields that the manifest names. */
export interface Record {
  uid: string;
  /** Its title, for messages to people. */
  title: string;
  role: 'target' | 'attached' | 'provider';
  fields: Field[];
  /** The first value of a field; nothing when the field is missing or empty. */
  get(label: string): string | undefined;
  /** The first value of a field. Throws `field-missing` when it is missing or empty. */
  text(label: string): string;
  /** Whether all these fields have a value. */
  has(...labels: string[]): boolean;
}

/** The value of a setting, checked against the manifest. A duration is a number of milliseconds. */
export type SettingValue = string | number | boolean;

/** What every step is given. */
export interface Request {
  /** The id of this rotation, the same in all its steps. */
  rotationId: string;
  /** What to write into whatever name the service lets a plugin choose. */
  marker: string;
  /** The number of the try, from 1; 0 in the preflight of a dry run, which no try will follow. */
  attempt: number;
  /** The record that is rotated. */
  target: Record;
  /** The other records that the manifest asks for, in the order of asking. */
  others: Record[];
  /** The settings that have a value, by key. */
  settings: { [key: string]: SettingValue };
  /** The value to set, when it is already known: in-place rotations only. */
  proposed?: string;
  /** What a consumer is to receive: plugins of strategy `deliver` only. */
  deliver: Update[];
  /** The first record besides the target that has a value in all these fields. */
  findRecord(...labels: string[]): Record | undefined;
  /** The same. Throws `record-missing` when there is none. */
  recordWith(...labels: string[]): Record;
  /** Whether a name at the service is the marker of any try of this rotation. */
  madeThis(name: string): boolean;
  /** A setting of type text, multiline, secret, url or enum. */
  settingText(key: string): string;
  /** A setting of type int or number, or one of type duration in milliseconds. */
  settingNumber(key: string): number;
  /** A setting of type bool. */
  settingFlag(key: string): boolean;
}

/** A new value for one field of the target record. The manifest's `returns` must name the field. */
export interface Update {
  label: string;
  place: 'custom' | 'standard';
  /** The field's type; `secret` and `password` are masked wherever they show. */
  kind: string;
  /** The values; mostly one. */
  values: string[];
}

export const Update: {
  /** A custom field of type `text`. */
  text(label: string, value: string): Update;
  /** A custom field of type `secret`. */
  secret(label: string, value: string): Update;
  /** The record's password: the standard field of that type, which has no label. */
  password(value: string): Update;
};

/** A credential as the service lists it, without its value. */
export interface Listed {
  /** The id that removes it. */
  id: string;
  /** The name that it has at the service. */
  label?: string;
  /** When it ends, as an RFC 3339 time, if the service says so. */
  expires?: string;
}

/** What preflight found, and what the later steps may therefore do. */
export interface Plan {
  /** What is rotated, in a form that is the same for everyone who rotates it. */
  target: string;
  /** What will be made, in words for people. */
  creates: string;
  /** Exactly the credentials that `commit` will remove. */
  removes: Listed[];
  /**
   * What an operator should know beforehand. A finding is a note of the form `LEVEL CODE: MESSAGE`, with what
   * to do in a second line.
   */
  notes: string[];
}

/**
 * The text of a note, for `notes` of a plan, which is a finding: the host lists it by its parts. With
 * `error` the rotation will fail, with `warning` it may, or somebody should look at it. `code` is a word in
 * kebab-case that stays the same from version to version. `message` says what was found, and `fix` what to
 * do about it, if anything; neither holds a secret.
 */
export function finding(level: 'error' | 'warning' | 'info', code: string, message: string, fix?: string): string;

/** What `rotate` made. */
export interface Credential {
  /** The id of the new credential, which is no secret. */
  handle: string;
  /** What to save. One update of an `overlap` plugin has the handle as its value. */
  updates: Update[];
  /** When the new credential ends, as an RFC 3339 time. */
  expires?: string;
}

/** What `verify` found out: `{}`, or why nothing is proven. Nothing is removed after that. */
export interface Proof {
  unproven?: string;
}

/** What became of one credential that `commit` was to remove. */
export interface Removed {
  /** Its id, as in the plan. */
  id: string;
  /** Whether the service acknowledged the removal, or no longer lists it. */
  gone: boolean;
}

/** What `rollback` found. Both lists hold only credentials of this rotation. */
export interface Undone {
  /** Those that were seen at the service. */
  seen: string[];
  /** Those of them that are gone now. */
  gone: string[];
}

type Eventually<T> = T | Promise<T>;

/** What an author writes. Each step may meet a fresh instance: only what a step returns is kept. */
export interface Definition {
  /** What the plugin is and what it asks for. */
  manifest: Manifest;
  /** Looks, and changes nothing. Whatever it throws ends the rotation before anything is touched. */
  preflight(request: Request): Eventually<Omit<Plan, 'removes' | 'notes'> & Partial<Plan>>;
  /**
   * Makes the new credential, named with `request.marker`, or sets `request.proposed`. Removes nothing.
   * Throws an `uncertain` failure when the service may have done it all the same: the host then calls
   * `rollback`. Do not try again here unless the service refused.
   */
  rotate(request: Request, plan: Plan): Eventually<Credential>;
  /** Proves the new credential by using it. Throws `wrongCredential` when the service says no. */
  verify?(request: Request, plan: Plan, credential: Credential): Eventually<Proof>;
  /** Removes exactly what `plan.removes` lists. May be called again. */
  commit?(request: Request, plan: Plan, handle: string): Eventually<Removed[]>;
  /** Removes what this rotation made: `handle`, and whatever `madeThis` recognises. May be called again. */
  rollback?(request: Request, plan: Plan, handle: string | undefined): Eventually<Undone>;
}

/** A plugin, whose steps check what they return. */
export interface Plugin {
  manifest: Manifest;
  preflight(request: Request): Promise<Plan>;
  rotate(request: Request, plan: Plan): Promise<Credential>;
  verify(request: Request, plan: Plan, credential: Credential): Promise<Proof>;
  commit(request: Request, plan: Plan, handle: string): Promise<Removed[]>;
  rollback(request: Request, plan: Plan, handle: string | undefined): Promise<Undone>;
}

/** Makes a plugin of its manifest and steps. It must be the default export of the module. */
export function plugin(definition: Definition): Plugin;

export type FailureKind =
  | 'invalid'
  | 'denied'
  | 'not-found'
  | 'conflict'
  | 'wrong-credential'
  | 'unavailable'
  | 'uncertain'
  | 'other';

/**
 * Why a step failed: the host decides by the kind what happens next. All kinds but `uncertain` and
 * `other` promise that the step changed nothing. `code` is a stable word in kebab-case, `message` is for
 * people: one or two sentences that say what was wrong, where, and what to do, and no secret.
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly code: string;
  /** The seconds that the service asked to wait. */
  readonly retryAfter?: number;
  /** A record or a setting cannot be right. */
  static invalid(code: string, message: string): Failure;
  /** The service refuses: a missing right, a policy. */
  static denied(code: string, message: string): Failure;
  /** What is to be rotated does not exist. */
  static notFound(code: string, message: string): Failure;
  /** Somebody else changed it at the same time, and trying again did not help. */
  static conflict(code: string, message: string): Failure;
  /** The service says that the credential is wrong. */
  static wrongCredential(code: string, message: string): Failure;
  /** The service cannot answer now, and has not done what it was asked. */
  static unavailable(code: string, message: string, retryAfter?: number): Failure;
  /** It is unknown whether the service did what it was asked. */
  static uncertain(code: string, message: string): Failure;
  /** Anything else. The host takes it as uncertain where that matters. */
  static other(code: string, message: string): Failure;
}

/** An answer, received whole. Redirects are answers too. */
export interface Response {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** The body as text. */
  text(): string;
  /** The body as JSON. Throws `unclear-answer` when it is none. */
  json(): any;
  /** Returns the answer itself when it has one of these statuses, and throws `failure()` if not. */
  expect(...statuses: number[]): Response;
  /** The failure that it is, by its status, where it is not what the plugin hoped for. */
  failure(): Failure;
  /** The failure that it is when nobody can tell what the service did; `why` ends the sentence. */
  unclear(why: string): Failure;
  /**
   * The seconds that the service asks to wait, by its `Retry-After`: a number or a date, and a date that
   * has passed is 0. Nothing where it does not say.
   */
  retryAfter(): number | undefined;
}

export interface RequestOptions {
  headers?: { [name: string]: string };
  /** Becomes the `Authorization` header. */
  bearer?: string;
  /** Becomes the body. */
  json?: unknown;
  body?: string | Uint8Array;
  /** Whether the service may change something: by default for all but GET, HEAD and OPTIONS. */
  changes?: boolean;
}

/**
 * HTTP through the host's gate. A call without a whole answer throws the failure that it is for this
 * kind of request: a lost answer is `uncertain` when the request may have changed something.
 */
export const http: {
  request(method: string, url: string | URL, options?: RequestOptions): Promise<Response>;
  get(url: string | URL, options?: RequestOptions): Promise<Response>;
  post(url: string | URL, options?: RequestOptions): Promise<Response>;
  put(url: string | URL, options?: RequestOptions): Promise<Response>;
  patch(url: string | URL, options?: RequestOptions): Promise<Response>;
  delete(url: string | URL, options?: RequestOptions): Promise<Response>;
};

/**
 * Tries again while a new credential spreads from backend to backend: as long as `attempt` throws
 * `wrongCredential`, for so many milliseconds (60,000 without), and while the service is `unavailable`, for
 * half a minute.
 */
export function untilAccepted<T>(attempt: () => Eventually<T>, milliseconds?: number): Promise<T>;

/** Time, which costs nothing in a test. */
export const clock: {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
};

/** Lines for people. The host redacts them and shows them when the step ends. No secrets. */
export const log: {
  /** Of use to the plugin's author. */
  debug(message: string): void;
  /** What is going on. */
  info(message: string): void;
  /** What an operator should look at. */
  warn(message: string): void;
};
