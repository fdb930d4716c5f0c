// SPDX-License-Identifier: Apache-2.0
/** Addresses of the pages, in the part behind the `#`. */

/** Centre of the map in degrees, and its zoom. */
export interface MapView {
  zoom: number
  lng: number
  lat: number
}

/** A zone, by its id in the release or by its OSM id (`relation:48`), which stays the same in later releases. */
export type ZoneRef = { id: number } | { osmId: string }

/** The sections of the dashboard, as its addresses name them; the first is shown where an address names none. */
export const DASHBOARD_SECTIONS = ['results', 'coverage', 'changes', 'left_out', 'trend'] as const
export type DashboardSection = (typeof DASHBOARD_SECTIONS)[number]

/** A page, and what its address names; null where it names none. */
export type Route =
  | { page: 'about' }
  | { page: 'dashboard'; section: DashboardSection }
  | { page: 'operations' }
  | { page: 'explorer'; view: MapView | null; zone: ZoneRef | null }

const NUMBER = /^-?\d+(\.\d+)?$/
const OSM_ID = /^(node|way|relation):\d+$/

/** The stable address of a zone, by its OSM id; by its id in the release where it has none that an address can name. */
export const toZoneRef = ({ id, osm_id: osmId }: { id: number; osm_id: string | null }): ZoneRef =>
  osmId !== null && OSM_ID.test(osmId) ? { osmId } : { id }

export function parseHash(hash: string): Route {
  const parts = hash.replace(/^#?\/?/, '').split('/')
  if (parts[0] === 'about') return { page: 'about' }
  if (parts[0] === 'zone') return { page: 'explorer', view: null, zone: parseZone(parts[1]) }
  if (parts[0] === 'operations') return { page: 'operations' }
  if (parts[0] === 'data_dashboard') return { page: 'dashboard', section: parseSection(parts[1]) }
  return { page: 'explorer', view: parseView(parts), zone: parseZone(parts[3]) }
}

const parseSection = (part: string | undefined): DashboardSection =>
  DASHBOARD_SECTIONS.find((section) => section === part) ?? DASHBOARD_SECTIONS[0]

function parseView(parts: string[]): MapView | null {
  const [zoom, lng, lat] = parts
  if (zoom === undefined || lng === undefined || lat === undefined) return null
  if (![zoom, lng, lat].every((part) => NUMBER.test(part))) return null
  const view = { zoom: Number(zoom), lng: Number(lng), lat: Number(lat) }
  if (view.zoom < 0 || view.zoom > 24 || Math.abs(view.lat) > 90 || Math.abs(view.lng) > 540) return null
  return view
}

function parseZone(part: string | undefined): ZoneRef | null {
  if (part === undefined) return null
  const text = safeDecode(part)
  if (/^\d{1,16}$/.test(text)) return { id: Number(text) }
  return OSM_ID.test(text) ? { osmId: text } : null
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function formatHash(view: MapView, zone: ZoneRef | null): string {
  return formatView(view, zone, 2)
}

/** The address of a map whose middle is a place to a metre, and of a zone there. */
export const formatPlaceAddress = (view: MapView, zone: ZoneRef | null): string => formatView(view, zone, 5)

function formatView({ zoom, lng, lat }: MapView, zone: ZoneRef | null, decimals: number): string {
  const base = `#/${zoom.toFixed(2)}/${lng.toFixed(decimals)}/${lat.toFixed(decimals)}`
  if (zone === null) return base
  return `${base}/${'id' in zone ? zone.id : zone.osmId}`
}

/** The address that opens a zone and frames it, by its OSM id or by its id in the release. */
export const formatZoneAddress = (zone: ZoneRef): string => `#/zone/${'id' in zone ? zone.id : zone.osmId}`

export const formatDashboardHash = (section: DashboardSection): string =>
  section === DASHBOARD_SECTIONS[0] ? '#/data_dashboard' : `#/data_dashboard/${section}`
