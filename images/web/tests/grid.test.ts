// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { makeGrid, chooseGridStep } from '../src/lib/grid'

const box = (west: number, south: number, east: number, north: number) => ({
  getWest: () => west,
  getEast: () => east,
  getSouth: () => south,
  getNorth: () => north,
})

describe('makeGrid', () => {
  it('covers the view and little more', () => {
    const lines = makeGrid(10, box(9.4, 47, 9.7, 47.3)).features
    expect(lines.length).toBeGreaterThan(4)
    expect(lines.length).toBeLessThan(12)
  })

  it('stays finite at every zoom', () => {
    for (let zoom = 0; zoom <= 18; zoom += 0.5) {
      const half = 360 / 2 ** zoom
      expect(makeGrid(zoom, box(-half, -Math.min(half, 85), half, Math.min(half, 85))).features.length).toBeLessThan(
        120,
      )
    }
  })

  it('gets finer with the zoom', () => {
    expect(chooseGridStep(1)).toBeGreaterThan(chooseGridStep(8))
    expect(chooseGridStep(8)).toBeGreaterThan(chooseGridStep(16))
  })
})
