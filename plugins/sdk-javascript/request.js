// What every step is given.

/** A value that is there, and that the host keeps. It turns into no text, so that nobody sends its name. */
export const SECRET = Symbol('secret');

/** What every step is given. */
export class Request {
  constructor(parts) {
    Object.assign(this, parts);
  }

  get isDryRun() {
    return this.mode === 'dry-run';
  }

  input(name) {
    const value = this.inputs[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  setting(key) {
    return this.settings[key];
  }

  madeThis(name) {
    const rotation = this.marker.slice(0, this.marker.lastIndexOf('.') + 1);
    return Boolean(name?.startsWith(rotation)) && /^\d+$/.test(name.slice(rotation.length));
  }
}
