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
    readonly retrySeconds: number | null = null,
  ) {
    super(message)
    this.name = 'RequestError'
  }
}

/** Milliseconds to wait for an answer; longer than the minute after which nginx gives up on the API. */
const ANSWER_TIMEOUT = 70_000

/** Requests JSON; throws a RequestError without a usable answer, and an AbortError after `signal`. */
export async function getJson<T>(url: string, signal?: AbortSignal, timeout = ANSWER_TIMEOUT): Promise<T> {
  const late = AbortSignal.timeout(timeout)
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
    const retrySeconds = parseSeconds(response.headers.get('retry-after'))
    throw new RequestError(url, response.status, await readMessage(response), retrySeconds)
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
    // The body is not JSON, so the message is made from the status.
  }
  return `The server answered ${response.status}.`
}

function parseSeconds(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null
}

/** Adds the release to a path of the API: ids change with each, so zones are read from the one that the tiles show. */
const pinRelease = (path: string, release: string) => (release ? `${path}?v=${encodeURIComponent(release)}` : path)

export const getZone = (id: number, release: string, signal?: AbortSignal) =>
  getJson<ZoneWithChildren>(pinRelease(`api/zones/${id}`, release), signal)

export const getParents = (id: number, release: string, signal?: AbortSignal) =>
  getJson<ZoneWithParents>(pinRelease(`api/zones/${id}/parents`, release), signal)

export const getZoneByOsmId = (osmId: string, release: string, signal?: AbortSignal) =>
  getJson<ZoneWithChildren>(pinRelease(`api/zones/osm/${encodeURIComponent(osmId)}`, release), signal)

export const getExpectedCounts = (signal?: AbortSignal) => getJson<ExpectedCount[]>('data/test_results.json', signal)
