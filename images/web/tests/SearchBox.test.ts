// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import SearchBox from '../src/components/SearchBox.vue'
import type { Explorer } from '../src/explorer'
import type { FoundZone, SearchedZone } from '../src/lib/api'
import { makeExplorer, mount } from './support/mount'

const found = (id: number, name: string, label = name): SearchedZone => ({
  id,
  osm_id: `relation:${id}`,
  name,
  label,
  zone_type: 'city',
  admin_level: 8,
  country_code: 'LI',
  parent: null,
  wikidata: null,
  bbox: null,
  center: null,
  score: 1,
  match: 'prefix',
})
const VADUZ = found(48, 'Vaduz', 'Vaduz, Liechtenstein')
const VADUTZ = found(49, 'Vadutz')

/** A server whose answers a test gives when it wants. */
function serveLater() {
  const requests: {
    url: URL
    signal: AbortSignal
    answer: (zones: (SearchedZone | FoundZone)[]) => void
    fail: (status: number) => void
  }[] = []
  vi.stubGlobal('fetch', (address: string, { signal }: { signal: AbortSignal }) => {
    return new Promise<Response>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
      requests.push({
        url: new URL(address, 'http://site.example/'),
        signal,
        answer: (zones) => resolve(Response.json({ release: 'a', zones, next: null })),
        fail: (status) => resolve(Response.json({ detail: 'The database does not answer' }, { status })),
      })
    })
  })
  return requests
}

let requests: ReturnType<typeof serveLater>
let host: HTMLElement
let explorer: Explorer

const input = () => host.querySelector<HTMLInputElement>('[role=combobox]')!
const options = () =>
  [...host.querySelectorAll('[role=option]')].map((option) =>
    [...option.children]
      .map(({ textContent }) => textContent)
      .join(' ')
      .trim(),
  )

function type(text: string): void {
  input().focus()
  input().value = text
  input().dispatchEvent(new Event('input'))
}

async function press(key: string): Promise<void> {
  input().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  await nextTick()
}

/** Lets the pause after the typing pass, and answers become visible. */
async function pass(milliseconds = 250): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds)
  await nextTick()
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  requests = serveLater()
  explorer = makeExplorer()
  vi.spyOn(explorer, 'openZone').mockImplementation(() => undefined)
  host = mount(SearchBox, {}, explorer)
})

afterEach(() => vi.useRealTimers())

describe('SearchBox', () => {
  it('asks once after a pause of the typing', async () => {
    type('v')
    await pass(100)
    type('va')
    await pass(100)
    type(' vad ')
    expect(requests).toHaveLength(0)
    await pass()
    expect(requests.map(({ url }) => [url.pathname, url.searchParams.get('q')])).toEqual([['/api/v1/search', 'vad']])
  })

  it('lists what was found, and opens what the arrow keys chose', async () => {
    type('vad')
    await pass()
    requests[0]!.answer([VADUZ, VADUTZ])
    await pass()
    expect(options()).toEqual(['Vaduz City Liechtenstein', 'Vadutz City'])
    expect(input().getAttribute('aria-expanded')).toBe('true')
    await press('ArrowDown')
    await press('ArrowDown')
    expect(input().getAttribute('aria-activedescendant')).toBe(host.querySelector('[aria-selected=true]')!.id)
    await press('Enter')
    expect(explorer.openZone).toHaveBeenCalledWith(expect.objectContaining({ id: 49 }))
    expect(input().value).toBe('')
  })

  it('opens the best zone on Enter, and goes around at the ends of the list', async () => {
    type('vad')
    await pass()
    requests[0]!.answer([VADUZ, VADUTZ])
    await pass()
    await press('ArrowUp')
    expect(host.querySelector('[aria-selected=true]')!.textContent).toContain('Vadutz')
    await press('ArrowDown')
    expect(host.querySelector('[aria-selected=true]')!.textContent).toContain('Vaduz')
    await press('Enter')
    expect(explorer.openZone).toHaveBeenCalledWith(expect.objectContaining({ id: 48 }))
  })

  it('drops the answer to an earlier text', async () => {
    type('vad')
    await pass()
    type('sch')
    expect(requests[0]!.signal.aborted).toBe(true)
    requests[0]!.answer([VADUZ])
    await pass()
    expect(options()).toEqual([])
    requests[1]!.answer([VADUTZ])
    await pass()
    expect(options()).toEqual(['Vadutz City'])
  })

  it('says when nothing was found', async () => {
    type('xyz')
    await pass()
    requests[0]!.answer([])
    await pass()
    expect(host.textContent).toContain('No zone has this name.')
    expect(host.querySelector('[role=status]')!.textContent).toBe('0 zones found')
  })

  it('says what is away, and finds the zones once it is back', async () => {
    type('vad')
    await pass()
    requests[0]!.fail(503)
    await pass()
    expect(host.textContent).toContain('The search does not work now: The database does not answer')
    await pass(10_000)
    requests[1]!.answer([VADUZ])
    await pass()
    expect(options()).toEqual(['Vaduz City Liechtenstein'])
  })

  it('closes the list, then clears the text, on Escape', async () => {
    type('vad')
    await pass()
    requests[0]!.answer([VADUZ])
    await pass()
    await press('Escape')
    expect(input().getAttribute('aria-expanded')).toBe('false')
    expect(input().value).toBe('vad')
    await press('Escape')
    expect(input().value).toBe('')
  })

  it('refuses a text that is too long, and says so', async () => {
    type('x'.repeat(201))
    await pass()
    expect(requests).toHaveLength(0)
    expect(host.querySelector('.results')!.textContent).toContain('at most 200 characters')
    expect(host.querySelector('[role=status]')!.textContent).toContain('at most 200 characters')
    type('🏔'.repeat(200))
    await pass()
    expect(Array.from(requests[0]!.url.searchParams.get('q')!)).toHaveLength(200)
  })

  it('takes control characters out', async () => {
    type('va\u0000du\u001fz ')
    await pass()
    expect(requests[0]!.url.searchParams.get('q')).toBe('vaduz')
    type('\u0000')
    await pass()
    expect(requests).toHaveLength(1)
  })

  it('shows hostile and long names as text', async () => {
    const hostile = '<img src=x onerror=alert(1)>'
    type('x')
    await pass()
    requests[0]!.answer([found(1, hostile), found(2, 'n'.repeat(10_000))])
    await pass()
    expect(host.querySelector('img')).toBeNull()
    expect(options()[0]).toContain(hostile)
  })

  const at = (id: number, name: string): FoundZone => ({ ...found(id, name), distance: 0 })

  it('lists the zones at coordinates, and opens the smallest on Enter', async () => {
    type('47.14, 9.52')
    await pass()
    expect([requests[0]!.url.pathname, requests[0]!.url.searchParams.toString()]).toEqual([
      '/api/v1/reverse',
      'lon=9.52&lat=47.14',
    ])
    requests[0]!.answer([at(48, 'Vaduz'), at(47, 'Liechtenstein')])
    await pass()
    expect(options()).toEqual(['Vaduz City', 'Liechtenstein City'])
    await press('Enter')
    expect(location.hash).toMatch(/^#\/8\.00\/9\.52000\/47\.14000\/relation:48$/)
    expect(explorer.state.here?.zones.map(({ name }) => name)).toEqual(['Liechtenstein', 'Vaduz'])
    expect(input().value).toBe('')
  })

  it('opens the smallest zone when Enter comes before the answer', async () => {
    type('47.14 9.52')
    await press('Enter')
    await pass()
    requests[0]!.answer([at(48, 'Vaduz')])
    await pass()
    expect(location.hash).toContain('relation:48')
  })

  it('moves the map to coordinates where no zone is', async () => {
    type('0;0')
    await pass()
    requests[0]!.answer([])
    await pass()
    expect(host.textContent).toContain('No zone is here. Enter moves the map to the place.')
    await press('Enter')
    expect(location.hash).toBe('#/8.00/0.00000/0.00000')
  })

  it('says what is wrong with coordinates that are none on the globe, and asks for nothing', async () => {
    type('97.14, 9.52')
    await pass()
    expect(requests).toHaveLength(0)
    expect(host.querySelector('.results')!.textContent).toContain('the latitude, from -90 to 90')
    expect(host.querySelector('[role=status]')!.textContent).toContain('the latitude, from -90 to 90')
    type('7.14, 9.52')
    await pass()
    expect(requests).toHaveLength(1)
  })

  it('says in the empty field that coordinates work', () => {
    expect(input().placeholder).toBe('Name or coordinates')
    expect(input().title).toContain('47.14, 9.52')
  })

  it('takes the focus on Ctrl+K', () => {
    input().blur()
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))
    expect(document.activeElement).toBe(input())
  })
})
