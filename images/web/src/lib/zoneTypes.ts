// SPDX-License-Identifier: Apache-2.0
/** The zone types that the map can mark, from the largest to the smallest. */

export interface ZoneType {
  type: string
  label: string
  /** Lowest zoom at which an address without a zone opens with this type. */
  fromZoom: number
  /** Colour of these zones on the map and in the legend, for light and for dark mode. */
  colors: readonly [light: string, dark: string]
}

export const ZONE_TYPES: readonly ZoneType[] = [
  { type: 'country', label: 'Country', fromZoom: 0, colors: ['#4db8f0', '#3aa3e0'] },
  { type: 'country_region', label: 'Country region', fromZoom: 4, colors: ['#7d8fe8', '#8c9cf5'] },
  { type: 'state', label: 'State', fromZoom: 5, colors: ['#2fb3a2', '#3cc4b3'] },
  { type: 'state_district', label: 'State district', fromZoom: 6.5, colors: ['#79b84a', '#8cc95e'] },
  { type: 'city', label: 'City', fromZoom: 8, colors: ['#eda53a', '#f2b14f'] },
  { type: 'city_district', label: 'City district', fromZoom: 12, colors: ['#e57a56', '#f08e6c'] },
  { type: 'suburb', label: 'Suburb', fromZoom: 13.5, colors: ['#d26ba2', '#e285b8'] },
  { type: 'non_administrative', label: 'Other', fromZoom: Infinity, colors: ['#8f84a8', '#b0a5c6'] },
]

/** Below this zoom (inclusive) tiles hold countries only. */
export const COUNTRY_ONLY_ZOOM = 2

export type TypeCounts = Readonly<Record<string, number>>

/** `state_district` → `State district`; unknown types are written as words too, no type as empty text. */
export function formatType(type: string | null): string {
  if (type === null) return ''
  const known = ZONE_TYPES.find((entry) => entry.type === type)
  if (known && type !== 'non_administrative') return known.label
  const words = type.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
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
