// SPDX-License-Identifier: Apache-2.0
/** Requests to the server that the page came from, relative to its address. No request goes to another host. */

import type { ExpectedCount, ZoneWithChildren, ZoneWithParents } from './openapi'

export type { ExpectedCount, Zone, ZoneWithBbox } from './openapi'

/** A request that got no usable answer; `status` 0 means that no server answered at all. */
export class RequestError extends Error {
  constructor(
    readonly url: string,
    readonly status: number,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message)
    this.name = 'RequestError'
  }
}

/** Milliseconds for an answer; the proxy in front of the API gives it a minute. */
const LIMIT = 70_000

export async function getJson<T>(url: string, signal?: AbortSignal, limit = LIMIT): Promise<T> {
  const late = AbortSignal.timeout(limit)
  let response: Response
  try {
    response = await fetch(url, {
      headers: { accept: 'application/json' },
      signal: signal ? AbortSignal.any([signal, late]) : late,
    })
  } catch (error) {
    throw toRequestError(url, error)
  }
  if (!response.ok) {
    throw new RequestError(
      url,
      response.status,
      await readMessage(response),
      parseSeconds(response.headers.get('retry-after')),
    )
  }
  try {
    return (await response.json()) as T
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw toRequestError(url, error)
    throw new RequestError(url, response.status, 'The answer is not JSON.')
  }
}

/** The error to throw when a request got no answer; an abort stays an AbortError. */
function toRequestError(url: string, error: unknown): unknown {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'AbortError') return error
  return new RequestError(url, 0, `The server ${name === 'TimeoutError' ? 'does not answer' : 'cannot be reached'}.`)
}

async function readMessage(response: Response): Promise<string> {
  try {
    const body: unknown = await response.json()
    if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message)
  } catch {
    // Not JSON: the status is all there is to say.
  }
  return `The server answered ${response.status}.`
}

function parseSeconds(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null
}

/** Ids change with each release, so the page asks for zones of the release that its tiles show. */
const pinRelease = (path: string, release: string) => (release ? `${path}?v=${encodeURIComponent(release)}` : path)

export const getZone = (id: number, release: string, signal?: AbortSignal) =>
  getJson<ZoneWithChildren>(pinRelease(`api/zones/${id}`, release), signal)

export const getParents = (id: number, release: string, signal?: AbortSignal) =>
  getJson<ZoneWithParents>(pinRelease(`api/zones/${id}/parents`, release), signal)

export const getZoneByOsmId = (osmId: string, release: string, signal?: AbortSignal) =>
  getJson<ZoneWithChildren>(pinRelease(`api/v1/zones/osm/${encodeURIComponent(osmId)}`, release), signal)

export const getTestResults = (signal?: AbortSignal) => getJson<ExpectedCount[]>('data/test_results.json', signal)
