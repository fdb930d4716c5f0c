// SPDX-License-Identifier: Apache-2.0
/** Where the parts of charts are. */

export interface ChartPoint {
  key: string
  label: string
  /** null where the figure is unknown: the line has a gap. */
  value: number | null
}

export interface PlacedPoint extends ChartPoint {
  value: number
  x: number
  y: number
}

export interface LinePlan {
  points: PlacedPoint[]
  /** The lines between neighbours, as attribute `points` of a polyline. */
  lines: string[]
  /** Lowest and highest value of the axis. */
  range: [number, number]
}

/** Share of the height above the highest and below the lowest point. */
const HEADROOM = 0.15

/** Places the points of a line in a box that begins at 0, 0; values grow upwards. */
export function planLine(points: readonly ChartPoint[], width: number, height: number): LinePlan {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]))
  const [low, high] = [Math.min(...values, Infinity), Math.max(...values, -Infinity)]
  const room = Math.max((high - low) * HEADROOM, high === low ? Math.max(Math.abs(high) * HEADROOM, 1) : 0)
  const range: [number, number] = values.length === 0 ? [0, 1] : [Math.max(0, low - room), high + room]
  const place = (value: number) => height - (height * (value - range[0])) / (range[1] - range[0])
  const step = width / Math.max(points.length - 1, 1)
  const placed = points.map((point, index): PlacedPoint | null =>
    point.value === null
      ? null
      : { ...point, value: point.value, x: points.length === 1 ? width / 2 : index * step, y: place(point.value) },
  )
  const lines: string[] = []
  let line: string[] = []
  for (const point of [...placed, null]) {
    if (point) line.push(`${point.x.toFixed(1)},${point.y.toFixed(1)}`)
    else if (line.length > 0) {
      lines.push(line.join(' '))
      line = []
    }
  }
  return { points: placed.filter((point) => point !== null), lines, range }
}

export interface BarPart {
  key: string
  value: number
}

export interface PlacedPart extends BarPart {
  start: number
  width: number
}

/** Places the parts of a bar beside each other; the longest bar of the chart, with the sum `most`, is 100 wide. */
export function planBar(parts: readonly BarPart[], most: number): PlacedPart[] {
  let start = 0
  return parts
    .filter(({ value }) => value > 0)
    .map((part) => {
      const width = most > 0 ? (100 * part.value) / most : 0
      const placed = { ...part, start, width }
      start += width
      return placed
    })
}

export const sumParts = (parts: readonly BarPart[]): number => parts.reduce((sum, { value }) => sum + value, 0)
