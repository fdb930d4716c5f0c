// SPDX-License-Identifier: Apache-2.0
/** Meridians and parallels of a view; without a base map they give the sea a scale. */
import type { FeatureCollection, LineString } from 'geojson'
import type { LngLatBounds } from 'maplibre-gl'

type Box = Pick<LngLatBounds, 'getWest' | 'getEast' | 'getSouth' | 'getNorth'>

/** Degrees between two lines of the grid, with the zoom up to which they are used. */
const STEPS: readonly [upTo: number, degrees: number][] = [
  [2.5, 30],
  [4, 10],
  [6, 5],
  [7.5, 2],
  [9, 0.5],
  [11, 0.2],
  [12.5, 0.05],
  [14, 0.02],
]
const FINEST_STEP = 0.005
/** Latitude, north and south, where the grid ends. */
const NORTHMOST = 85

export const chooseGridStep = (zoom: number): number => STEPS.find(([upTo]) => zoom < upTo)?.[1] ?? FINEST_STEP

/** Makes the lines of the grid for a zoom and the box in view. */
export function makeGrid(zoom: number, box: Box): FeatureCollection<LineString> {
  const step = chooseGridStep(zoom)
  const [west, east] = [box.getWest() - step, box.getEast() + step]
  const [south, north] = [Math.max(box.getSouth() - step, -NORTHMOST), Math.min(box.getNorth() + step, NORTHMOST)]
  const line = (from: [number, number], to: [number, number]) => ({
    type: 'Feature' as const,
    properties: {},
    geometry: { type: 'LineString' as const, coordinates: [from, to] },
  })
  const multiples = (low: number, high: number) => {
    const first = Math.ceil(low / step)
    return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, n) => (first + n) * step)
  }
  return {
    type: 'FeatureCollection',
    features: [
      ...multiples(west, east).map((x) => line([x, south], [x, north])),
      ...multiples(south, north).map((y) => line([west, y], [east, y])),
    ],
  }
}
