// SPDX-License-Identifier: Apache-2.0
/** Which share of each country the zones of a type cover. */
import type { Countries } from './countries'
import { markCountry, type Mark, type MarkGroup } from './marks'
import type { CoverageRow } from './openapi'
import { ZONE_TYPES } from './zoneTypes'

interface ShareClass {
  key: 'none' | 'some' | 'half' | 'most' | 'all'
  /** Smallest share of the class, 0 to 1. */
  from: number
  colors: MarkGroup['colors']
}

/** Classes of shares, the smallest first. Two areas of one country that were rounded apart are not less than all of it. */
export const SHARE_CLASSES: readonly ShareClass[] = [
  { key: 'none', from: 0, colors: ['#c9d3dc', '#33475c'] },
  { key: 'some', from: 0.0005, colors: ['#fde68a', '#6b4f12'] },
  { key: 'half', from: 0.5, colors: ['#a7d5b0', '#2f6f5b'] },
  { key: 'most', from: 0.9, colors: ['#4f9fb8', '#3f8fb5'] },
  { key: 'all', from: 0.985, colors: ['#1d5f96', '#9ad4ff'] },
]

export const classOf = (share: number): ShareClass['key'] =>
  SHARE_CLASSES.findLast(({ from }) => share >= from)?.key ?? 'none'

/** Types other than countries that the coverage names, the largest first. */
export function listCoveredTypes(rows: readonly CoverageRow[]): string[] {
  const found = new Set(rows.map(({ zone_type }) => zone_type).filter((type) => type !== '' && type !== 'country'))
  const known = ZONE_TYPES.map(({ type }) => type).filter((type) => found.delete(type))
  return [...known, ...found]
}

/** The rows of a type, with a row of no zones for each country that has none of them. */
export function listCountriesOf(rows: readonly CoverageRow[], countries: Countries, type: string): CoverageRow[] {
  const chosen = rows.filter((row) => row.zone_type === type)
  const present = new Set(chosen.map(({ country_code }) => country_code))
  const absent = [...countries.byCode.keys()].filter((code) => !present.has(code))
  return [...chosen, ...absent.map((country_code) => ({ country_code, zone_type: type, zones: 0, area: 0, share: 0 }))]
}

export const markCoverage = (rows: readonly CoverageRow[], countries: Countries): Mark[] =>
  rows.flatMap(({ country_code, share }) =>
    share === null ? [] : (countries.byCode.get(country_code) ?? []).map((zone) => markCountry(zone, classOf(share))),
  )
