// What a plugin says of itself, as the host reads it.

/** Fills in what a manifest may leave out, and returns it as JSON. */
export function toJson(manifest) {
  const requests = manifest.requests.map((rule) => ({ steps: ['all'], ...rule }));
  const hosts = [...new Set(requests.map(({ host }) => `https://${host}`))];
  return JSON.stringify({ returns: [], settings: [], hosts, ...manifest, requests });
}
