// SPDX-License-Identifier: Apache-2.0
/** Small planar geometry on longitudes and latitudes: boxes, and places for labels. */
import type { Bounds } from './release'

export type Position = readonly number[]
export type Ring = readonly Position[]
export type Polygon = readonly Ring[]

/** The bounding box of a GeoJSON geometry; null without coordinates. */
export function computeBounds(geometry: { coordinates?: unknown } | null | undefined): Bounds | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  const visit = (node: unknown): void => {
    if (!Array.isArray(node)) return
    const [x, y] = node as unknown[]
    if (typeof x === 'number' && typeof y === 'number') {
      west = Math.min(west, x)
      east = Math.max(east, x)
      south = Math.min(south, y)
      north = Math.max(north, y)
    } else {
      node.forEach(visit)
    }
  }
  visit(geometry?.coordinates)
  return west <= east && south <= north ? [west, south, east, north] : null
}

/** The box shifted by whole turns so that its middle is as near to a longitude as possible. */
export function shiftTowardsLongitude([west, south, east, north]: Bounds, longitude: number): Bounds {
  const turn = 360 * Math.round((longitude - (west + east) / 2) / 360)
  return [west + turn, south, east + turn, north]
}

export function listPolygons(geometry: { type: string; coordinates?: unknown }): Polygon[] {
  if (geometry.type === 'Polygon') return [geometry.coordinates as Polygon]
  if (geometry.type === 'MultiPolygon') return geometry.coordinates as Polygon[]
  return []
}

/** Computes the area inside a ring in square degrees. */
export function computeRingArea(ring: Ring): number {
  let twice = 0
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    twice += (ring[j]![0]! - ring[i]![0]!) * (ring[j]![1]! + ring[i]![1]!)
  }
  return Math.abs(twice) / 2
}

/** A place inside a polygon where a label has room. */
export interface LabelPlace {
  at: [number, number]
  /** Length of the free horizontal line through the place, in degrees. */
  width: number
}

/** Heights of the lines that are tried for a label, as parts of the height of the box. */
const SCAN_LINES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.25, 0.75]

/** Finds the middle of the longest horizontal line inside the polygon; lines near its middle are preferred. */
export function findLabelPlace(polygon: Polygon): LabelPlace | null {
  const box = computeBounds({ coordinates: polygon[0] })
  if (box === null) return null
  let best: (LabelPlace & { score: number }) | null = null
  for (const part of SCAN_LINES) {
    const y = box[1] + (box[3] - box[1]) * part
    const crossings = polygon.flatMap((ring) => findCrossings(ring, y)).sort((a, b) => a - b)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const width = crossings[i + 1]! - crossings[i]!
      const score = width * (1 - Math.abs(part - 0.5))
      if (best === null || score > best.score) best = { at: [crossings[i]! + width / 2, y], width, score }
    }
  }
  return best && { at: best.at, width: best.width }
}

function findCrossings(ring: Ring, y: number): number[] {
  const found: number[] = []
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x1, y1] = [ring[j]![0]!, ring[j]![1]!]
    const [x2, y2] = [ring[i]![0]!, ring[i]![1]!]
    if (y1 > y !== y2 > y) found.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1))
  }
  return found
}
