// SPDX-License-Identifier: Apache-2.0
/** Coordinates that a visitor writes into the search, such as `47.14, 9.52` or `47.14° N 9.52° E`. */
import type { Bounds } from './release'

/** A place in degrees. */
export interface Place {
  lng: number
  lat: number
}

const NUMBER = String.raw`([+\-−]?\d{1,3}(?:\.\d*)?)\s*°?`
const DEGREES = String.raw`(?:([NSEW])\s*${NUMBER}|${NUMBER}\s*([NSEW])?)`
const COORDINATES = new RegExp(String.raw`^${DEGREES}(?:\s*[,;]\s*|\s+)${DEGREES}$`, 'i')

/**
 * Reads a latitude and a longitude, the latitude first where no letters say otherwise.
 *
 * Returns null where the text is none, and `outOfRange` where no such place is on the globe.
 */
export function parseCoordinates(text: string): Place | 'outOfRange' | null {
  const found = COORDINATES.exec(text.trim())
  if (!found) return null
  const first = readPart(found.slice(1, 5))
  const second = readPart(found.slice(5, 9))
  if (first === null || second === null) return null
  const swapped = first.axis === 'lng' || second.axis === 'lat'
  const [lat, lng] = swapped ? [second, first] : [first, second]
  if (lat.axis === 'lng' || lng.axis === 'lat') return null
  if (Math.abs(lat.degrees) > 90 || Math.abs(lng.degrees) > 180) return 'outOfRange'
  return { lat: lat.degrees, lng: lng.degrees }
}

interface Part {
  degrees: number
  axis: 'lat' | 'lng' | null
}

/** Reads one number with its letter; null where it has both a letter and a sign. */
function readPart([before, lettered, plain, after]: (string | undefined)[]): Part | null {
  const letter = (before ?? after ?? '').toUpperCase()
  const text = (lettered ?? plain ?? '').replace('−', '-')
  if (letter === '') return { degrees: Number(text), axis: null }
  if (/^[+-]/.test(text)) return null
  const degrees = 'SW'.includes(letter) ? -Number(text) : Number(text)
  return { degrees, axis: 'NS'.includes(letter) ? 'lat' : 'lng' }
}

/** Pixels of the whole globe at zoom 0. */
const GLOBE = 512
const NEAREST_ZOOM = 15

/** The zoom at which a box, which may cross the antimeridian, fits into this many pixels. */
export function computeZoom([west, south, east, north]: Bounds, width: number, height: number): number {
  const wide = east < west ? east - west + 360 : east - west
  const high = toMercator(north) - toMercator(south)
  const zoom = Math.log2((360 / GLOBE) * Math.min(width / wide, height / high))
  return Math.min(Math.max(zoom, 0), NEAREST_ZOOM)
}

/** Latitude in the projection of the map, in units as long as a degree at the equator. */
function toMercator(latitude: number): number {
  const inside = Math.min(Math.max(latitude, -85), 85)
  return (Math.log(Math.tan(Math.PI / 4 + (inside * Math.PI) / 360)) * 180) / Math.PI
}
