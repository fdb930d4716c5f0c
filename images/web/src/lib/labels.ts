// SPDX-License-Identifier: Apache-2.0
/** One label per zone: tiles cut zones into pieces, and the largest piece in view gets the name. */
import type { Feature, FeatureCollection, Point } from 'geojson'
import { findLabelPlace, listPolygons, computeRingArea, type Polygon } from './geometry'

/** The part of a zone that is in one vector tile, as MapLibre returns it. */
export interface ZonePiece {
  id?: string | number | undefined
  properties: Record<string, unknown> | null
  geometry: { type: string; coordinates?: unknown }
}

export interface NamedZone {
  id: number
  name: string
  type: string
  /** Whether it has an admin_level; zones made around a place node have none. */
  bounded: boolean
}

/** Most labels in one view; more could not be read. */
const MOST_LABELS = 400
/** Average width of a letter of a label, in pixels. */
const LETTER_WIDTH = 6.2

/** Lists the zones that pieces belong to, each once. */
export function listZones(pieces: readonly ZonePiece[]): NamedZone[] {
  const zones = new Map<number, NamedZone>()
  for (const piece of pieces) {
    const id = Number(piece.id)
    if (!Number.isFinite(id) || zones.has(id)) continue
    const { name, zone_type: type, admin_level: level } = piece.properties ?? {}
    zones.set(id, {
      id,
      name: typeof name === 'string' ? name : '',
      type: typeof type === 'string' ? type : '',
      bounded: typeof level === 'number',
    })
  }
  return [...zones.values()]
}

/**
 * Leaves out zones generated from the place node of a town if the town itself, with a boundary of the same name and type,
 * is there too. They stay among its children.
 */
export function dropDuplicates(zones: readonly NamedZone[]): NamedZone[] {
  const key = ({ name, type }: NamedZone) => `${type}\n${name}`
  const bounded = new Set(zones.filter((zone) => zone.bounded).map(key))
  return zones.filter((zone) => zone.bounded || !bounded.has(key(zone)))
}

/** Places the names of zones, each in the largest piece of its zone; `rank` 0 is the largest zone. */
export function placeLabels(
  pieces: readonly ZonePiece[],
  pixelsPerDegree: number,
): FeatureCollection<Point, { name: string; rank: number }> {
  const largest = new Map<number, { polygon: Polygon; area: number; name: string }>()
  for (const piece of pieces) {
    const id = Number(piece.id)
    const name = piece.properties?.name
    if (typeof name !== 'string' || name === '') continue
    for (const polygon of listPolygons(piece.geometry)) {
      const area = polygon[0] ? computeRingArea(polygon[0]) : 0
      if (area > (largest.get(id)?.area ?? 0)) largest.set(id, { polygon, area, name })
    }
  }
  const features = [...largest.values()]
    .sort((a, b) => b.area - a.area)
    .slice(0, MOST_LABELS)
    .flatMap(({ polygon, area, name }, rank): Feature<Point, { name: string; rank: number }>[] => {
      const place = findLabelPlace(polygon)
      if (place === null || area === 0) return []
      const longestWord = Math.max(...name.split(/[\s-]+/).map((word) => word.length))
      if (place.width * pixelsPerDegree < longestWord * LETTER_WIDTH * 0.8) return []
      return [{ type: 'Feature', geometry: { type: 'Point', coordinates: place.at }, properties: { name, rank } }]
    })
  return { type: 'FeatureCollection', features }
}
