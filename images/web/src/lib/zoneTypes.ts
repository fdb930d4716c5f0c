// SPDX-License-Identifier: Apache-2.0
/** The zone types that the map can mark, from the largest to the smallest. */

import { t, type MessageKey } from '../i18n'

export interface ZoneType {
  type: string
  /** Lowest zoom at which an address without a zone opens with this type. */
  fromZoom: number
  /** Colour of these zones on the map and in the legend, for light and for dark mode. */
  colors: readonly [light: string, dark: string]
}

export const ZONE_TYPES: readonly ZoneType[] = [
  { type: 'country', fromZoom: 0, colors: ['#4db8f0', '#3aa3e0'] },
  { type: 'country_region', fromZoom: 4, colors: ['#7d8fe8', '#8c9cf5'] },
  { type: 'state', fromZoom: 5, colors: ['#2fb3a2', '#3cc4b3'] },
  { type: 'state_district', fromZoom: 6.5, colors: ['#79b84a', '#8cc95e'] },
  { type: 'city', fromZoom: 8, colors: ['#eda53a', '#f2b14f'] },
  { type: 'city_district', fromZoom: 12, colors: ['#e57a56', '#f08e6c'] },
  { type: 'suburb', fromZoom: 13.5, colors: ['#d26ba2', '#e285b8'] },
  { type: 'non_administrative', fromZoom: Infinity, colors: ['#8f84a8', '#b0a5c6'] },
]

export type TypeCounts = Readonly<Record<string, number>>

/** `state_district` → `State district`; unknown types are written as words too, no type as empty text. */
export function formatType(type: string | null): string {
  if (type === null) return ''
  if (ZONE_TYPES.some((known) => known.type === type)) return t(`common.types.${type}` as MessageKey)
  const words = type.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The label of a type in the legend of the map. */
export const formatLayer = (type: string): string =>
  type === 'non_administrative' ? t('explorer.layers.other') : formatType(type)

/** Zoom from which even small zones are in the tiles; they leave out what is smaller than two pixels. */
const ALL_ZONES_ZOOM = 12

/** Whether a map that shows no zones of a type may show some after zooming in. */
export function isTooSmall(type: string, zoom: number): boolean {
  const known = ZONE_TYPES.find((one) => one.type === type)
  return zoom < Math.min(known?.fromZoom ?? ALL_ZONES_ZOOM, ALL_ZONES_ZOOM)
}

/** Why a map shows no zones of a type, and what a visitor can do. */
export function explainEmptyMap(type: string, zoom: number, counts: TypeCounts | null): string {
  const layer = formatLayer(type)
  if (counts !== null && !counts[type]) return t('explorer.layers.noneInRelease', { type: layer })
  return t(isTooSmall(type, zoom) ? 'explorer.layers.tooSmall' : 'explorer.layers.noneHere', { type: layer })
}

const LEVELS = ZONE_TYPES.map(({ type }) => type)

/** Sorts zones from the largest type to the smallest; unknown types come last. */
export const sortByLevel = <Zone extends { type: string }>(zones: readonly Zone[]): Zone[] =>
  zones.toSorted((a, b) => rankLevel(a.type) - rankLevel(b.type))

function rankLevel(type: string): number {
  const rank = LEVELS.indexOf(type)
  return rank < 0 ? LEVELS.length : rank
}

/** The largest type with more than one zone, for the first view of a release. */
export function chooseOverviewType(counts: TypeCounts | null): string {
  if (counts === null) return 'country'
  const several = ZONE_TYPES.find(({ type }) => (counts[type] ?? 0) > 1)
  const any = ZONE_TYPES.find(({ type }) => (counts[type] ?? 0) > 0)
  return (several ?? any)?.type ?? 'country'
}

/** The smallest type that the release has and whose zoom is reached. */
export function chooseTypeForZoom(zoom: number, counts: TypeCounts | null): string {
  const fitting = ZONE_TYPES.filter(
    ({ type, fromZoom }) => zoom >= fromZoom && (counts === null ? type !== 'country_region' : (counts[type] ?? 0) > 0),
  )
  return fitting.at(-1)?.type ?? chooseOverviewType(counts)
}
