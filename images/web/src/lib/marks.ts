// SPDX-License-Identifier: Apache-2.0
/** What a map of the dashboard shows: zones and places in groups, each of which has a colour. */
import type { ZoneDetails } from './openapi'
import type { Bounds } from './release'
import { toBounds } from './countries'

export interface MarkGroup {
  key: string
  label: string
  /** Colour for light and for dark mode. */
  colors: readonly [light: string, dark: string]
}

/** A zone that is filled, or a place that gets a point, or both. */
export interface Mark {
  /** Names the mark for what happens on the map. */
  key: string
  group: string
  /** Number of the zone in the release; null if it is not in its tiles. */
  zone: number | null
  at: readonly [lng: number, lat: number] | null
  /** Zoom from which the zone is large enough to be seen without its point. */
  until?: number
}

/** What the map says about a mark. */
export interface MarkText {
  title: string
  lines: readonly string[]
  /** Address of the place in the explorer. */
  href: string | null
}

/** Pixels from which a zone is seen without a point, and pixels of the world at zoom 0. */
const VISIBLE_WIDTH = 14
const WORLD_PIXELS = 512

/** The place of a zone: the middle of its box, for the zooms at which the zone is too small to be seen. */
export function placeZone(bbox: readonly number[] | null | undefined): Pick<Mark, 'at' | 'until'> {
  const bounds = toBounds(bbox)
  if (bounds === null) return { at: null }
  const width = Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1e-6)
  return { at: findMiddle(bbox), until: Math.log2((VISIBLE_WIDTH * 360) / (WORLD_PIXELS * width)) }
}

/** Degrees below which a country needs a point to be seen on a map of the world. */
const TINY = 1.5

/** The middle of a box; null without one. */
export function findMiddle(bbox: readonly number[] | null | undefined): readonly [number, number] | null {
  const bounds = toBounds(bbox)
  return bounds && [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
}

/** The mark of a country. */
export function markCountry({ id, bbox }: ZoneDetails, group: string): Mark {
  const bounds = toBounds(bbox)
  const isTiny = bounds !== null && bounds[2] - bounds[0] < TINY && bounds[3] - bounds[1] < TINY
  return { key: String(id), group, zone: id, ...(isTiny ? placeZone(bbox) : { at: null }) }
}

/** The box around boxes; null without any. */
export function joinBoxes(boxes: readonly (readonly number[] | null | undefined)[]): Bounds | null {
  const known = boxes.map(toBounds).filter((box) => box !== null)
  if (known.length === 0) return null
  return [
    Math.min(...known.map(([west]) => west)),
    Math.min(...known.map(([, south]) => south)),
    Math.max(...known.map(([, , east]) => east)),
    Math.max(...known.map(([, , , north]) => north)),
  ]
}
