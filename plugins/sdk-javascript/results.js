// Checks what steps return. Without it a missing id would arrive at the host as the text "undefined".

const kindOf = (value) => {
  if (value instanceof Promise) {
    return 'a promise: steps do not wait, and `call` does not either';
  }
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
};

const of = (kind) => (value, name) => {
  if (typeof value !== kind) {
    throw new TypeError(`${name} must be a ${kind}, and is ${kindOf(value)}`);
  }
  return value;
};

const text = of('string');

const count = (value, name) => {
  if (!Number.isInteger(value) || value < 0) {
    throw new TypeError(`${name} must be a count, and is ${kindOf(value)}`);
  }
  return value;
};

const word =
  (...words) =>
  (value, name) => {
    if (!words.includes(value)) {
      throw new TypeError(`${name} must be ${words.join(' or ')}, and is ${JSON.stringify(value)}`);
    }
    return value;
  };

const either = (check, otherwise) => (value, name) => (value == null ? otherwise : check(value, name));

const list = (check) => (value, name) => {
  if (!Array.isArray(value)) {
    throw new TypeError(`${name} must be an array, and is ${kindOf(value)}`);
  }
  return value.map((item, at) => check(item, `${name}[${at}]`));
};

const object = (value, name) => {
  if (value === null || typeof value !== 'object' || value instanceof Promise) {
    throw new TypeError(`${name} must be an object, and is ${kindOf(value)}`);
  }
  return value;
};

const shape = (checks) => (value, name) => {
  object(value, name);
  return Object.fromEntries(Object.entries(checks).map(([key, check]) => [key, check(value[key], `${name}.${key}`)]));
};

const finding = shape({ level: word('info', 'warning', 'error'), code: text, message: text, fix: either(text) });
const retired = list(shape({ id: text, state: word('present', 'disabled', 'gone') }));

/** What each step returns, by its name. */
export const results = {
  preflight: shape({
    creates: text,
    removes: either(list(text), []),
    slots: either(shape({ used: count, most: count })),
    context: either(text, ''),
    findings: either(list(finding), []),
  }),
  rotate: shape({ id: either(text), returns: either(object, {}), expires: either(text) }),
  verify: shape({ unproven: either(text) }),
  commit: retired,
  rollback: retired,
};
