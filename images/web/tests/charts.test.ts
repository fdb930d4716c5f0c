// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import LineChart from '../src/components/charts/LineChart.vue'
import StackedBars from '../src/components/charts/StackedBars.vue'
import { planBar, planLine } from '../src/lib/charts'
import { mount } from './support/mount'

const point = (key: string, value: number | null) => ({ key, label: `day ${key}`, value })

describe('planLine', () => {
  it('places values between the edges, the highest on top', () => {
    const { points, lines, range } = planLine([point('a', 10), point('b', 20)], 100, 50)
    expect(points.map(({ x }) => x)).toEqual([0, 100])
    expect(points[0]!.y).toBeGreaterThan(points[1]!.y)
    expect(range[0]).toBeLessThan(10)
    expect(range[1]).toBeGreaterThan(20)
    expect(lines).toHaveLength(1)
  })

  it('leaves a gap where a figure is unknown', () => {
    const { points, lines } = planLine([point('a', 1), point('b', null), point('c', 3), point('d', 4)], 90, 50)
    expect(points.map(({ key }) => key)).toEqual(['a', 'c', 'd'])
    expect(lines).toEqual([expect.stringMatching(/^0\.0,\S+$/), expect.stringMatching(/^60\.0,\S+ 90\.0,\S+$/)])
  })

  it('draws equal values, one value and none', () => {
    for (const values of [[5, 5], [0], []]) {
      const { points } = planLine(
        values.map((value, at) => point(String(at), value)),
        100,
        50,
      )
      expect(points.every(({ x, y }) => x >= 0 && x <= 100 && y >= 0 && y <= 50)).toBe(true)
    }
  })
})

describe('planBar', () => {
  it('puts parts beside each other, as parts of the longest bar', () => {
    const parts = [
      { key: 'a', value: 1 },
      { key: 'b', value: 0 },
      { key: 'c', value: 3 },
    ]
    expect(planBar(parts, 8).map(({ key, start, width }) => [key, start, width])).toEqual([
      ['a', 0, 12.5],
      ['c', 12.5, 37.5],
    ])
    expect(planBar(parts, 0).every(({ width }) => width === 0)).toBe(true)
  })
})

describe('charts', () => {
  const format = (value: number) => `${value} zones`

  it('a line says its figures to screen readers', () => {
    const host = mount(LineChart, { title: 'Cities', points: [point('1', 10), point('2', 12)], format })
    expect(host.querySelector('[role=img]')!.getAttribute('aria-label')).toBe('Cities: day 1 10 zones, day 2 12 zones')
  })

  it('bars have their figures as text and as a table', () => {
    const host = mount(StackedBars, {
      title: 'Steps',
      heading: 'Update',
      bars: [{ key: '1', label: '<img src=x onerror=alert(1)>', parts: [{ key: 'a', value: 2 }] }],
      series: [
        { key: 'a', label: 'Fetch', colors: ['#111', '#222'] },
        { key: 'b', label: 'Load', colors: ['#333', '#444'] },
      ],
      format,
    })
    expect(host.querySelector('[role=img]')!.getAttribute('aria-label')).toBe(
      '<img src=x onerror=alert(1)>: Fetch 2 zones',
    )
    expect(host.querySelector('img')).toBeNull()
    expect(host.querySelector('caption')!.textContent.trim()).toBe('Steps')
    expect([...host.querySelectorAll('th')].map((cell) => cell.textContent.trim())).toEqual([
      'Update',
      'Fetch',
      'Load',
      '<img src=x onerror=alert(1)>',
    ])
    expect([...host.querySelectorAll('td')].map((cell) => cell.textContent.trim())).toEqual(['2 zones', '–'])
  })
})
