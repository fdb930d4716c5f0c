// SPDX-License-Identifier: Apache-2.0
/** Requests to the server that the page came from, relative to its address. No request goes to another host. */

import { t } from '../i18n'
import type {
  ExpectedCount,
  FoundZones,
  Point,
  SearchedZones,
  ZoneDetails,
  ZoneList,
  ZonesOfPoints,
  ZoneWithChildren,
  ZoneWithParents,
} from './openapi'

export type { ExpectedCount, FoundZone, SearchedZone, Zone, ZoneDetails, ZoneWithBbox } from './openapi'

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
export const getJson = <T>(url: string, signal?: AbortSignal, timeout = ANSWER_TIMEOUT): Promise<T> =>
  requestJson<T>(url, null, signal, timeout)

/** Sends a document as JSON, and otherwise does the same as `getJson`. */
const postJson = <T>(url: string, document: unknown, signal?: AbortSignal): Promise<T> =>
  requestJson<T>(url, JSON.stringify(document), signal, ANSWER_TIMEOUT)

async function requestJson<T>(
  url: string,
  body: string | null,
  signal: AbortSignal | undefined,
  timeout: number,
): Promise<T> {
  const late = AbortSignal.timeout(timeout)
  let response: Response
  try {
    response = await fetch(url, {
      method: body === null ? 'GET' : 'POST',
      body,
      headers: { accept: 'application/json', ...(body === null ? {} : { 'content-type': 'application/json' }) },
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
    throw new RequestError(url, response.status, t('problems.noJson'))
  }
}

/** The error to throw when a request got no answer; an abort stays an AbortError. */
function toRequestError(url: string, error: unknown): unknown {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'AbortError') return error
  return new RequestError(url, 0, t(name === 'TimeoutError' ? 'problems.noAnswer' : 'problems.unreachableServer'))
}

async function readMessage(response: Response): Promise<string> {
  try {
    const body: unknown = await response.json()
    if (typeof body === 'object' && body !== null) {
      if ('message' in body) return String(body.message)
      if ('detail' in body) return String(body.detail)
    }
  } catch {
    // The body is not JSON, so the message is made from the status.
  }
  return t('problems.answered', { status: response.status })
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

/** Which names and which release an answer of `/v1` has; empty text stands for the local names, and for the live one. */
export interface ZoneView {
  release: string
  lang?: string
  include?: 'geometry' | 'names'
  type?: string
}

/** Makes an address below `/v1`; parameters without a value are left out. */
export function makeAddress(path: string, parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '')
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `api/v1/${path}${query ? `?${query}` : ''}`
}

const zonePath = (osmId: string) => `zones/osm/${encodeURIComponent(osmId)}`

/** Most zones in a page of a list. */
const PAGE_SIZE = 1000

export const getZoneDetails = (osmId: string, view: ZoneView, signal?: AbortSignal) =>
  getJson<ZoneDetails>(makeAddress(zonePath(osmId), { ...view }), signal)

export const listAncestors = (osmId: string, view: ZoneView, signal?: AbortSignal) =>
  getJson<ZoneList>(makeAddress(`${zonePath(osmId)}/ancestors`, { ...view }), signal)

/** Lists the first thousand children of a zone. */
export const listChildren = (osmId: string, view: ZoneView, signal?: AbortSignal) =>
  getJson<ZoneList>(makeAddress(`${zonePath(osmId)}/children`, { ...view, limit: PAGE_SIZE }), signal)

/** Lists the zones that hold a point, smallest first. */
export const listZonesAt = (point: Point, view: ZoneView, signal?: AbortSignal) =>
  getJson<FoundZones>(makeAddress('reverse', { ...point, ...view }), signal)

/** Lists the zones that hold each of some points. */
export const findZonesOfPoints = (points: readonly Point[], view: ZoneView, signal?: AbortSignal) =>
  postJson<ZonesOfPoints>(makeAddress('reverse', { ...view }), { points }, signal)

/** Longest text that a search takes. */
export const LONGEST_QUERY = 200

/** Finds zones by name, those near a point first. */
export const searchZones = (query: string, near: Point | null, view: ZoneView, signal?: AbortSignal) =>
  getJson<SearchedZones>(
    makeAddress('search', { q: query, ...view, near: near === null ? undefined : `${near.lat},${near.lon}` }),
    signal,
  )
