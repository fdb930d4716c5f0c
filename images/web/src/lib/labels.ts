// SPDX-License-Identifier: Apache-2.0
/** One label per zone: tiles cut zones into pieces, and the largest piece in view gets the name. */
import type { FeatureCollection, Point } from 'geojson'
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

/** A name on the map. */
export interface Label {
  /** The zone. */
  id: number
  name: string
  at: [lng: number, lat: number]
}

/** Longest name on the map, in characters; a longer one ends with `…`. */
const LONGEST_LABEL = 60

/**
 * Places the names of zones, each in the largest piece of its zone; the largest zone comes first.
 *
 * @param findName returns the name to use instead of the local one
 */
export function placeLabels(
  pieces: readonly ZonePiece[],
  pixelsPerDegree: number,
  findName: (id: number) => string | undefined = () => undefined,
): Label[] {
  const largest = new Map<number, { polygon: Polygon; area: number; name: string }>()
  for (const piece of pieces) {
    const id = Number(piece.id)
    const name = findName(id) ?? piece.properties?.name
    if (typeof name !== 'string' || name === '') continue
    for (const polygon of listPolygons(piece.geometry)) {
      const area = polygon[0] ? computeRingArea(polygon[0]) : 0
      if (area > (largest.get(id)?.area ?? 0)) largest.set(id, { polygon, area, name: shorten(name) })
    }
  }
  return [...largest]
    .sort(([, a], [, b]) => b.area - a.area)
    .slice(0, MOST_LABELS)
    .flatMap(([id, { polygon, name }]): Label[] => {
      const place = findLabelPlace(polygon)
      if (place === null) return []
      const longestWord = Math.max(...name.split(/[\s-]+/).map((word) => word.length))
      if (place.width * pixelsPerDegree < longestWord * LETTER_WIDTH * 0.8) return []
      return [{ id, name, at: place.at }]
    })
}

function shorten(name: string): string {
  const letters = Array.from(name)
  return letters.length > LONGEST_LABEL ? `${letters.slice(0, LONGEST_LABEL - 1).join('')}…` : name
}

/** Makes GeoJSON of labels; of two that collide the map draws the one with the lower `rank`. */
export const makeLabelFeatures = (
  labels: readonly Label[],
): FeatureCollection<Point, { name: string; rank: number }> => ({
  type: 'FeatureCollection',
  features: labels.map(({ name, at }, rank) => ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: at },
    properties: { name, rank },
  })),
})
