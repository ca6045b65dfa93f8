// How long a service asks to wait.

/** In seconds: what the interface has room for. */
const LONGEST = 0xffff_ffff;

const MONTHS = { Jan: 0, Feb: 1, Mar: 2, Apr: 3, May: 4, Jun: 5, Jul: 6, Aug: 7, Sep: 8, Oct: 9, Nov: 10, Dec: 11 };

// The three spellings of a date in HTTP. `Date.parse` takes much else for one, and "-1" as well.
const SPELLINGS = [
  /^[A-Za-z]+, (?<day>\d\d) (?<month>[A-Za-z]{3}) (?<year>\d{4}) (?<time>[\d:]{8}) GMT$/,
  /^[A-Za-z]+, (?<day>\d\d)-(?<month>[A-Za-z]{3})-(?<year>\d\d) (?<time>[\d:]{8}) GMT$/,
  /^[A-Za-z]+ (?<month>[A-Za-z]{3}) (?<day>[ \d]\d) (?<time>[\d:]{8}) (?<year>\d{4})$/,
];

/** The moment that a date of HTTP names, in milliseconds; NaN where it is none. */
function parseDate(text) {
  const found = SPELLINGS.map((spelling) => text.match(spelling)).find((match) => match);
  if (!found) {
    return NaN;
  }
  const { day, month, year, time } = found.groups;
  const century = year.length === 4 ? 0 : year < '70' ? 2000 : 1900;
  return Date.UTC(century + Number(year), MONTHS[month], Number(day), ...time.split(':').map(Number));
}

/**
 * How many seconds a `Retry-After` asks to wait: a number, with or without a fraction, or a date, which
 * counts from `now`, in milliseconds. Nothing where it is neither.
 */
export function secondsToWait(value, now) {
  const text = value.trim();
  // A part of a second is waited for as a whole one: to come early is to be turned away again.
  const seconds = Math.ceil(/^\d+(\.\d+)?$/.test(text) ? Number(text) : (parseDate(text) - now) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(0, seconds), LONGEST);
}
