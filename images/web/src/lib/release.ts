// SPDX-License-Identifier: Apache-2.0
/** The release on the page, read from the TileJSON and the answer of `/release`. */
import { getJson } from './api'
import { parseAttribution, type Credit } from './attribution'
import type { Inputs, LiveReleaseDetails, Manifest, ManifestCounts, ManifestSource, TileJson } from './openapi'
import { isLanguageTag } from './text'
import type { TypeCounts } from './zoneTypes'

/** A box in degrees. */
export type Bounds = [west: number, south: number, east: number, north: number]

/** What the page shows of a release. */
export interface Release {
  /** Release id; empty when the tiles name none. */
  id: string
  /** Templates of the tiles' URLs. */
  tiles: string[]
  attribution: readonly Credit[]
  bounds: Bounds | null
  minzoom: number
  maxzoom: number
  /** Number of zones. */
  zones: number | null
  counts: TypeCounts | null
  publishedAt: string | null
  /** Languages that the names of zones are kept in; empty: those that the data have. */
  languages: readonly string[]
  /** Oldest and newest date of the data, as `YYYY-MM-DD`. */
  dataDates: [oldest: string, newest: string] | null
}

const WORLD: Bounds = [-180, -85, 180, 85]
/** Largest zoom of requested tiles: these are exact to a metre, and deeper views enlarge them. */
const DEEPEST_TILE_ZOOM = 14

/** An answer whose values are not checked yet: the API may be of another version. */
type Unchecked<T> = Readonly<Partial<Record<keyof T, unknown>>>

/** The id of the release that is live now. */
export async function fetchLiveReleaseId(signal?: AbortSignal): Promise<string> {
  const { tiles } = await getJson<Unchecked<TileJson>>('tiles/cosmogony.json', signal)
  return parseReleaseId(Array.isArray(tiles) ? String(tiles[0]) : '')
}

/** The address of the directory that the page is in, which may lie below a path. */
export const getSiteUrl = (): string => new URL('.', location.href).href.replace(/[?#].*$/, '')

export async function loadRelease(site: string, signal?: AbortSignal): Promise<Release> {
  const tilejson = await getJson<Unchecked<TileJson>>('tiles/cosmogony.json', signal)
  const details = await getJson<Unchecked<LiveReleaseDetails>>('api/release', signal).catch(() => null)
  return readRelease(tilejson, details, site)
}

export function readRelease(
  tilejson: Unchecked<TileJson>,
  details: Unchecked<LiveReleaseDetails> | null,
  site: string,
): Release {
  const tiles = (Array.isArray(tilejson.tiles) ? tilejson.tiles : []).map((url) => toSiteUrl(String(url), site))
  if (tiles.length === 0) throw new Error('The tile description names no tiles.')
  const id = parseReleaseId(tiles[0]!)
  // If another release was published between the two answers, they do not belong together: the details are left out.
  const about = details !== null && (id === '' || details.id === id) ? details : null
  const manifest = asObject<Manifest>(about?.manifest)
  const counts = asObject<ManifestCounts>(manifest?.counts)
  return {
    id,
    tiles,
    attribution: parseAttribution(tilejson.attribution),
    bounds: readBounds(tilejson.bounds),
    minzoom: number(tilejson.minzoom) ?? 0,
    maxzoom: Math.min(number(tilejson.maxzoom) ?? DEEPEST_TILE_ZOOM, DEEPEST_TILE_ZOOM),
    zones: number(about?.zones) ?? number(counts?.zones),
    counts: readCounts(counts?.by_type),
    publishedAt: text(about?.published_at),
    dataDates: readDates(manifest?.sources),
    languages: readLanguages(asObject<Inputs>(manifest?.inputs)?.languages),
  }
}

/** Makes a tile's URL one of the page's site, whatever host and path a proxy in between reported to the API. */
function toSiteUrl(template: string, site: string): string {
  const path = template.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]+/i, '')
  return site + path.slice(Math.max(path.lastIndexOf('/tiles/'), 0)).replace(/^\//, '')
}

/** Returns the release id in a tile's URL, or empty text. */
export function parseReleaseId(template: string): string {
  return /[?&]v=([^&]+)/.exec(template)?.[1] ?? ''
}

function readBounds(value: unknown): Bounds | null {
  if (!Array.isArray(value) || value.length !== 4 || !value.every((n) => Number.isFinite(n))) return null
  const [west, south, east, north] = value as Bounds
  if (west >= east || south >= north) return null
  return [Math.max(west, WORLD[0]), Math.max(south, WORLD[1]), Math.min(east, WORLD[2]), Math.min(north, WORLD[3])]
}

function readCounts(value: unknown): TypeCounts | null {
  const counts = asObject<Record<string, number>>(value)
  if (counts === null) return null
  const entries = Object.entries(counts).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return entries.length > 0 ? Object.fromEntries(entries) : null
}

const readLanguages = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((tag): tag is string => typeof tag === 'string' && isLanguageTag(tag)) : []

function readDates(sources: unknown): [string, string] | null {
  if (!Array.isArray(sources)) return null
  const dates = sources
    .map((source) => text(asObject<ManifestSource>(source)?.version_date))
    .map((date) => (date === null ? null : (/^\d{4}-\d\d-\d\d/.exec(date)?.[0] ?? null)))
    .filter((date): date is string => date !== null)
    .sort()
  return dates.length > 0 ? [dates[0]!, dates.at(-1)!] : null
}

function asObject<T>(value: unknown): Unchecked<T> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Unchecked<T>) : null
}

const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
