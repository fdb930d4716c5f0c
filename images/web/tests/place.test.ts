// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import ZonesHere from '../src/components/ZonesHere.vue'
import { findNearest } from '../src/explorer/sheet'
import { makeTileLoader, toTileAddress } from '../src/lib/tiles'
import { button, makeExplorer, mount, serve } from './support/mount'

const zone = (id: number, name: string, type: string) => ({
  id,
  name,
  parent: null,
  zone_type: type,
  osm_id: `relation:${id}`,
  osm_link: null,
  wikidata: null,
  admin_level: 8,
  nb_children: 0,
})
const COUNTRY = zone(1, 'Liechtenstein', 'country')
const CITY = zone(2, 'Vaduz', 'city')
const SUBURB = zone(3, 'Ebenholz', 'suburb')
const ANSWERS: Record<string, unknown> = {
  'api/v1/reverse?lon=9.5&lat=47.1': { release: 'a', zones: [SUBURB, CITY, COUNTRY], next: null },
  'api/v1/reverse?lon=0&lat=0': { release: 'a', zones: [], next: null },
  ...Object.fromEntries(
    [COUNTRY, CITY, SUBURB].flatMap((each): [string, unknown][] => [
      [`api/zones/${each.id}`, { zone: { ...each, bbox: null }, children: [] }],
      [`api/zones/${each.id}/parents`, { zone: { ...each, bbox: null }, parents: [] }],
    ]),
  ),
}
const MARKED = { id: 2, name: 'Vaduz', type: 'city', bounded: true }

describe('a click on the map', () => {
  it('selects the zone of the layer, and lists all levels from the largest', async () => {
    serve(ANSWERS)
    const explorer = makeExplorer()
    explorer.lookAt({ lng: 9.5, lat: 47.1 }, [MARKED])
    await vi.waitFor(() => expect(explorer.state.selection?.zone.name).toBe('Vaduz'))
    await vi.waitFor(() => expect(explorer.state.here?.zones).toHaveLength(3))
    const host = mount(ZonesHere, {}, explorer)
    expect([...host.querySelectorAll('li')].map(({ textContent }) => textContent.trim())).toEqual([
      'Liechtenstein',
      'Vaduz',
      'Ebenholz',
    ])
    expect(host.querySelector('[aria-current=location]')!.textContent).toContain('Vaduz')
    button(host, 'Liechtenstein').click()
    await vi.waitFor(() => expect(explorer.state.selection?.zone.name).toBe('Liechtenstein'))
    expect(host.querySelector('[aria-current=location]')!.textContent).toContain('Liechtenstein')
  })

  it('selects the smallest zone where the layer has none, and says when no zone is there', async () => {
    serve(ANSWERS)
    const { lookAt, state } = makeExplorer()
    lookAt({ lng: 9.5, lat: 47.1 }, [])
    await vi.waitFor(() => expect(state.selection?.zone.name).toBe('Ebenholz'))
    lookAt({ lng: 0, lat: 0 }, [])
    await vi.waitFor(() => expect(state.announcement).toBe('No zone is here.'))
    expect(state.selection?.zone.name).toBe('Ebenholz')
  })

  it('shows the zone of the layer also while the API does not list the others', async () => {
    serve(Object.fromEntries(Object.entries(ANSWERS).filter(([path]) => !path.includes('reverse'))))
    const explorer = makeExplorer()
    explorer.lookAt({ lng: 9.5, lat: 47.1 }, [MARKED])
    await vi.waitFor(() => expect(explorer.state.here?.problem).toContain('cannot be listed: Not found'))
    await vi.waitFor(() => expect(explorer.state.selection?.zone.name).toBe('Vaduz'))
    expect(mount(ZonesHere, {}, explorer).textContent).toContain('cannot be listed')
  })
})

describe('names in the chosen language', () => {
  it('replace the local ones, which stay where there is none', async () => {
    serve({
      ...ANSWERS,
      'api/v1/zones/osm/relation%3A2?lang=ar': { ...CITY, name: 'فادوتس' },
      'api/v1/zones/osm/relation%3A2/ancestors?lang=ar': { release: 'a', zones: [], next: null },
      'api/v1/zones/osm/relation%3A2/children?lang=ar&limit=1000': { release: 'a', zones: [], next: null },
    })
    const { select, preferences, nameOf } = makeExplorer()
    await select({ id: 2 })
    expect(nameOf(CITY)).toBe('Vaduz')
    preferences.names = 'ar'
    await vi.waitFor(() => expect(nameOf(CITY)).toBe('فادوتس'))
    expect(nameOf(COUNTRY)).toBe('Liechtenstein')
    preferences.names = ''
    await nextTick()
    expect(nameOf(CITY)).toBe('Vaduz')
  })
})

describe('preferences', () => {
  it('are kept by the browser, and anything else there is ignored', async () => {
    const first = makeExplorer().preferences
    Object.assign(first, { language: 'fr', names: 'ar', theme: 'dark' })
    await nextTick()
    expect(document.documentElement.dataset).toMatchObject({ theme: 'dark', dark: 'true' })
    expect(makeExplorer().preferences).toMatchObject({ language: 'fr', names: 'ar', theme: 'dark', dark: true })
    for (const stored of ['', 'null', '[]', '{"language":"xx","names":"<img>","theme":1}']) {
      localStorage.setItem('cosmogony.preferences', stored)
      expect(makeExplorer().preferences).toMatchObject({ language: 'en', names: '', theme: 'system' })
    }
  })
})

describe('makeTileLoader', () => {
  const signal = new AbortController()
  afterEach(() => vi.unstubAllGlobals())

  it.each([
    [404, [404]],
    [503, [503]],
    [204, []],
    [200, []],
  ])('reports a tile with status %i: %j', async (status, reported) => {
    const requested: string[] = []
    vi.stubGlobal('fetch', (url: string) => {
      requested.push(url)
      return Promise.resolve(new Response(status === 200 ? 'tile' : null, { status }))
    })
    const failures: number[] = []
    const load = makeTileLoader((failed) => failures.push(failed))
    await load({ url: toTileAddress('https://zones.example/tiles/1/2/3.pbf?v=a') }, signal).catch(() => undefined)
    expect(requested).toEqual(['https://zones.example/tiles/1/2/3.pbf?v=a'])
    expect(failures).toEqual(reported)
  })

  it('reports 0 without an answer, and nothing when the map needs the tile no more', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')))
    const failures: number[] = []
    const load = makeTileLoader((failed) => failures.push(failed))
    await expect(load({ url: toTileAddress('https://zones.example/x') }, signal)).rejects.toThrow('network')
    const gone = new AbortController()
    gone.abort()
    await expect(load({ url: toTileAddress('https://zones.example/x') }, gone)).rejects.toThrow('network')
    expect(failures).toEqual([0])
  })
})

describe('findNearest', () => {
  it.each([
    [0, 0],
    [0.3, 0],
    [0.4, 1],
    [0.95, 2],
  ])('for the part %d of the page is height %i', (part, index) => expect(findNearest(part)).toBe(index))
})
