// What every step is given.

import { Failure } from './failure.js';

/** One record, cut down to the fields that the manifest names. */
export class Record {
  constructor({ uid, title, role, fields }) {
    Object.assign(this, { uid, title, role, fields });
  }

  get(label) {
    return this.fields.find((field) => field.label === label)?.values[0] || undefined;
  }

  text(label) {
    const value = this.get(label);
    if (value === undefined) {
      const message = `the record "${this.title}" (${this.uid}) has no value in its field ${label}`;
      throw Failure.invalid('field-missing', message);
    }
    return value;
  }

  has(...labels) {
    return labels.every((label) => this.get(label) !== undefined);
  }
}

/** What every step is given. */
export class Request {
  constructor(parts) {
    Object.assign(this, parts);
  }

  findRecord(...labels) {
    return this.others.find((record) => record.has(...labels));
  }

  recordWith(...labels) {
    const record = this.findRecord(...labels);
    if (!record) {
      throw Failure.invalid('record-missing', `no attached record has the fields ${labels.join(', ')}`);
    }
    return record;
  }

  madeThis(name) {
    const rotation = this.marker.slice(0, this.marker.lastIndexOf('.') + 1);
    return name.startsWith(rotation) && /^\d+$/.test(name.slice(rotation.length));
  }

  settingText(key) {
    return this.#setting(key, 'string');
  }

  settingNumber(key) {
    return this.#setting(key, 'number');
  }

  settingFlag(key) {
    return this.#setting(key, 'boolean');
  }

  #setting(key, kind) {
    const value = this.settings[key];
    if (value === undefined) {
      throw Failure.invalid('setting-missing', `the setting ${key} has no value`);
    }
    if (typeof value !== kind) {
      const message = `the plugin misreads its own setting ${key}, which is of type ${typeof value}`;
      throw Failure.invalid('setting-misread', message);
    }
    return value;
  }
}
