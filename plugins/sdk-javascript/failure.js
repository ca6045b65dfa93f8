// How a step fails.

/** Why a step failed. All kinds but `uncertain` and `other` promise that the step changed nothing. */
export class Failure extends Error {
  constructor(kind, code, message, retryAfter) {
    super(message);
    this.name = 'Failure';
    this.kind = kind;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  static invalid(code, message) {
    return new Failure('invalid', code, message);
  }

  static denied(code, message) {
    return new Failure('denied', code, message);
  }

  static notFound(code, message) {
    return new Failure('not-found', code, message);
  }

  static conflict(code, message) {
    return new Failure('conflict', code, message);
  }

  static wrongCredential(code, message) {
    return new Failure('wrong-credential', code, message);
  }

  static unavailable(code, message, retryAfter) {
    return new Failure('unavailable', code, message, retryAfter);
  }

  static uncertain(code, message) {
    return new Failure('uncertain', code, message);
  }

  static other(code, message) {
    return new Failure('other', code, message);
  }
}
