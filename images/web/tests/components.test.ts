// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import HoverTip from '../src/components/HoverTip.vue'
import ProblemCard from '../src/components/ProblemCard.vue'
import ScrollFrame from '../src/components/ScrollFrame.vue'
import VerdictMark from '../src/components/VerdictMark.vue'
import ZoneChooser from '../src/components/ZoneChooser.vue'
import { makeExplorer, mount } from './support/mount'

const HOSTILE = '<img src=x onerror=alert(1)>'

describe('HoverTip', () => {
  it('shows names as text, never as markup', () => {
    const host = mount(HoverTip, { zones: [{ id: 1, name: HOSTILE, type: 'city', bounded: true }], at: { x: 1, y: 2 } })
    expect(host.querySelector('img')).toBeNull()
    expect(host.textContent).toContain(HOSTILE)
  })

  it('lists all zones under the pointer, up to a limit', () => {
    const zones = Array.from({ length: 9 }, (_, id) => ({ id, name: `Zone ${id}`, type: 'suburb' }))
    const host = mount(HoverTip, { zones, at: { x: 1, y: 2 } })
    expect(host.querySelectorAll('strong')).toHaveLength(6)
    expect(host.textContent).toContain('and 3 more')
  })
})

describe('HoverTip, around the zone', () => {
  it('lists the zones of the other levels', () => {
    const zones = [{ id: 1, name: 'Vaduz', type: 'city', bounded: true }]
    const around = [{ id: 2, name: 'Liechtenstein', type: 'country', bounded: true }]
    const nameOf = ({ id, name }: { id: number; name: string }) => (id === 2 ? 'Fürstentum' : name)
    const host = mount(HoverTip, { zones, around, nameOf, at: { x: 1, y: 2 } })
    expect(host.querySelector('strong')!.textContent).toBe('Vaduz')
    expect(host.querySelector('li')!.textContent).toContain('Fürstentum')
  })
})

describe('ZoneChooser', () => {
  const zones = [
    { id: 4, name: HOSTILE, type: 'city' },
    { id: 5, name: '', type: 'city_district' },
  ]

  it('offers each zone with its type', () => {
    const host = mount(ZoneChooser, { zones }, makeExplorer())
    const rows = [...host.querySelectorAll('li')].map((row) => row.textContent.trim())
    expect(rows).toEqual([`${HOSTILE} (type : city)`, 'unnamed zone (type : city_district)'])
    expect(host.querySelector('dialog')?.open).toBe(true)
  })

  it('reports the zone that was chosen', () => {
    const onChoose = vi.fn()
    const host = mount(ZoneChooser, { zones, onChoose }, makeExplorer())
    host.querySelectorAll<HTMLElement>('li button')[1]!.click()
    expect(onChoose).toHaveBeenCalledWith(5)
  })
})

describe('ScrollFrame', () => {
  it('shows at which edge there is more', async () => {
    const host = mount(ScrollFrame, { label: 'Rows' })
    const box = host.querySelector<HTMLElement>('[role=region]')!
    const scrollTo = async (left: number) => {
      Object.defineProperties(box, {
        scrollLeft: { value: left, configurable: true },
        clientWidth: { value: 300, configurable: true },
        scrollWidth: { value: 500, configurable: true },
      })
      box.dispatchEvent(new Event('scroll'))
      await nextTick()
      return host.querySelector('.scroll-frame')!.className
    }
    expect(host.querySelector('.scroll-frame')!.className).toBe('scroll-frame')
    expect(await scrollTo(0)).toBe('scroll-frame after')
    expect(await scrollTo(100)).toBe('scroll-frame before after')
    expect(await scrollTo(200)).toBe('scroll-frame before')
  })
})

describe('ProblemCard', () => {
  it('tries again by itself after the time the server asked for', () => {
    vi.useFakeTimers()
    const onRetry = vi.fn()
    mount(ProblemCard, { problem: { title: 'The service is not ready', detail: '', retrySeconds: 3 }, onRetry })
    vi.advanceTimersByTime(2900)
    expect(onRetry).not.toHaveBeenCalled()
    vi.advanceTimersByTime(200)
    expect(onRetry).toHaveBeenCalledOnce()
    vi.useRealTimers()
  })
})

describe('VerdictMark', () => {
  it.each([
    ['known', 'known failure'],
    ['missing', 'not found'],
    ['unclaimed', 'not claimed'],
  ] as const)('says %s in words', (verdict, text) => {
    expect(mount(VerdictMark, { verdict }).textContent).toContain(text)
  })

  it('names a mark without words', () => {
    expect(mount(VerdictMark, { verdict: 'ok' }).querySelector('[role=img]')?.getAttribute('aria-label')).toBe(
      'As expected',
    )
  })
})
