// Checks what steps return. Without it a missing id would arrive at the host as the text "undefined".

const kindOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value);

const of = (kind) => (value, name) => {
  if (typeof value !== kind) {
    throw new TypeError(`${name} must be a ${kind}, and is ${kindOf(value)}`);
  }
  return value;
};

const text = of('string');
const flag = of('boolean');

const either = (check, otherwise) => (value, name) => (value == null ? otherwise : check(value, name));

const list = (check) => (value, name) => {
  if (!Array.isArray(value)) {
    throw new TypeError(`${name} must be an array, and is ${kindOf(value)}`);
  }
  return value.map((item, at) => check(item, `${name}[${at}]`));
};

const shape = (checks) => (value, name) => {
  if (value === null || typeof value !== 'object') {
    throw new TypeError(`${name} must be an object, and is ${kindOf(value)}`);
  }
  return Object.fromEntries(Object.entries(checks).map(([key, check]) => [key, check(value[key], `${name}.${key}`)]));
};

const update = shape({ label: text, place: either(text, 'custom'), kind: text, values: list(text) });
const listed = shape({ id: text, label: either(text, ''), expires: either(text) });

/** What each step returns, by its name. */
export const results = {
  preflight: shape({
    target: text,
    creates: text,
    removes: either(list(listed), []),
    notes: either(list(text), []),
  }),
  rotate: shape({ handle: text, updates: list(update), expires: either(text) }),
  verify: shape({ unproven: either(text) }),
  commit: list(shape({ id: text, gone: flag })),
  rollback: shape({ seen: list(text), gone: list(text) }),
};
