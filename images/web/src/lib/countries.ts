// SPDX-License-Identifier: Apache-2.0
/** The country zones of a release, found by country code and Wikidata item, and links to OSM objects. */
import { getLanguage } from '../i18n'
import type { ZoneDetails } from './openapi'
import type { Bounds } from './release'

export interface Countries {
  readonly zones: readonly ZoneDetails[]
  readonly byCode: ReadonlyMap<string, readonly ZoneDetails[]>
  readonly byWikidata: ReadonlyMap<string, ZoneDetails>
}

export const NO_COUNTRIES: Countries = { zones: [], byCode: new Map(), byWikidata: new Map() }

/** Indexes country zones, of which the more important come first. */
export function indexCountries(zones: readonly ZoneDetails[]): Countries {
  const byCode = new Map<string, ZoneDetails[]>()
  const byWikidata = new Map<string, ZoneDetails>()
  for (const zone of zones) {
    if (zone.country_code) byCode.set(zone.country_code, [...(byCode.get(zone.country_code) ?? []), zone])
    if (zone.wikidata && !byWikidata.has(zone.wikidata)) byWikidata.set(zone.wikidata, zone)
  }
  return { zones, byCode, byWikidata }
}

/** Whose name, code or Wikidata item is known: a row of the statistics, of the coverage or of what was left out. */
interface OfCountry {
  country_code: string | null
  wikidata_id?: string
}

/** The zones of a country; where a row names the Wikidata item of a part of it, such as an island, the zone of that item. */
export function findCountryZones(countries: Countries, row: OfCountry): readonly ZoneDetails[] {
  const own = row.wikidata_id ? countries.byWikidata.get(row.wikidata_id) : undefined
  return own ? [own] : (countries.byCode.get(row.country_code ?? '') ?? [])
}

/** The name of a country in the release, otherwise the one that the browser knows for its code. */
export function formatCountry(countries: Countries, code: string | null): string {
  if (!code) return ''
  const name = countries.byCode.get(code)?.[0]?.name
  if (name) return name
  try {
    return new Intl.DisplayNames([getLanguage()], { type: 'region' }).of(code) ?? code
  } catch {
    return code // not the form of a country code
  }
}

/** The box as bounds with west below east, which across the antimeridian goes beyond 180 degrees. */
export function toBounds(bbox: readonly number[] | null | undefined): Bounds | null {
  if (bbox?.length !== 4) return null
  const [west, south, east, north] = bbox as Bounds
  return [west, south, west > east ? east + 360 : east, north]
}

/** Ids from here on are not OpenStreetMap's: data of other origin are given such ids. Those of OSM's nodes have 11 digits. */
const FIRST_FOREIGN_ID = 1e12

/** The page of an OSM object; null for text that is not the id of one. */
export function linkToOsm(osmId: string | null): string | null {
  const [, kind, number] = /^(node|way|relation):(\d+)$/.exec(osmId ?? '') ?? []
  return kind && Number(number) < FIRST_FOREIGN_ID ? `https://www.openstreetmap.org/${kind}/${number}` : null
}
