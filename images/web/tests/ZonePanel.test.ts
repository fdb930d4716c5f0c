// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import ZonePanel from '../src/components/ZonePanel.vue'
import type { Explorer } from '../src/explorer'
import type { Zone, ZoneWithBbox } from '../src/lib/api'
import { button, makeExplorer, mount, serve } from './support/mount'

const zone = (id: number, name: string, more: Partial<Zone> = {}): Zone => ({
  id,
  name,
  parent: null,
  zone_type: 'city',
  osm_id: `relation:${id}`,
  osm_link: `https://www.openstreetmap.org/relation/${id}`,
  wikidata: null,
  admin_level: 8,
  nb_children: 0,
  ...more,
})
const STATE = zone(47, 'Oberland', { zone_type: 'state', nb_children: 2 })
const VADUZ: ZoneWithBbox = { ...zone(48, 'Vaduz', { parent: 47, nb_children: 1 }), bbox: null }
const EBENHOLZ = zone(49, 'Ebenholz', { zone_type: 'suburb', nb_children: 1 })
const ANSWERS = {
  'api/zones/48': { zone: VADUZ, children: [EBENHOLZ] },
  'api/zones/48/parents': { zone: VADUZ, parents: [STATE, VADUZ, STATE] },
  'api/zones/osm/relation:48': { zone: VADUZ, children: [] },
  'api/zones/47': { zone: { ...STATE, bbox: null }, children: [VADUZ] },
  'api/zones/47/parents': { zone: { ...STATE, bbox: null }, parents: [] },
  'api/zones/49': { zone: { ...EBENHOLZ, bbox: null }, children: [zone(50, '')] },
}

async function open(change: Partial<ZoneWithBbox> = {}): Promise<[HTMLElement, Explorer]> {
  serve({ ...ANSWERS, 'api/zones/48': { zone: { ...VADUZ, ...change }, children: [EBENHOLZ] } })
  const explorer = makeExplorer()
  await explorer.select({ id: 48 })
  return [mount(ZonePanel, {}, explorer), explorer]
}

const listed = (host: HTMLElement, testid: string) =>
  [...host.querySelectorAll(`[data-testid=${testid}] li`)].map((row) => row.textContent.replace(/\s+/g, ' ').trim())

describe('ZonePanel', () => {
  it('shows the zone, its parents without repeats, and its children', async () => {
    const [host] = await open()
    expect(host.querySelector('[data-testid=zone-name]')!.textContent).toBe('Vaduz')
    expect(host.querySelector('[data-testid=zone-type]')!.textContent).toBe('City')
    expect(listed(host, 'parents')).toEqual(['Oberland|State'])
    expect(listed(host, 'children')).toEqual(['EbenholzSuburb1'])
  })

  it('links to the pages of the zone', async () => {
    const [host] = await open({ wikidata: 'Q1844' })
    expect(host.querySelector<HTMLAnchorElement>('[data-testid=osm]')!.href).toContain('/relation/48')
    expect(host.querySelector<HTMLAnchorElement>('[data-testid=wikidata]')!.href).toBe(
      'https://www.wikidata.org/wiki/Q1844',
    )
  })

  it('makes no links of other ids', async () => {
    const [host] = await open({ osm_id: 'javascript:alert(1)', wikidata: 'Q1"><script>' })
    expect(host.querySelector('a[href^=javascript], a[href*=wikidata], [data-testid=osm][href]')).toBeNull()
    expect(host.textContent).toContain('javascript:alert(1)')
  })

  it('offers to zoom only to zones with a box', async () => {
    expect((await open())[0].querySelector('[data-testid=zoom]')).toBeNull()
    const [host] = await open({ bbox: { type: 'Point', coordinates: [9, 47] } })
    expect(host.querySelector('[data-testid=zoom]')).not.toBeNull()
  })

  it('opens children generation by generation', async () => {
    const [host] = await open()
    button(host, 'Children of Ebenholz').click()
    await vi.waitFor(() => expect(host.textContent).toContain('unnamed zone'))
    expect(button(host, 'Children of unnamed zone').disabled).toBe(true)
  })

  it('selects a parent', async () => {
    const [host, { state }] = await open()
    button(host, 'Oberland|State').click()
    await vi.waitFor(() => expect(state.selection?.zone.name).toBe('Oberland'))
    expect(listed(host, 'parents')).toEqual([])
    expect(host.textContent).toContain('- Empty -')
  })

  it('marks the zone type again when it is closed', async () => {
    const [host, { state }] = await open()
    expect(state.layer).toBeNull()
    button(host, 'Close the panel').click()
    expect(state).toMatchObject({ selection: null, layer: 'city' })
  })

  it('says when the zone is not in the release', async () => {
    serve({})
    const explorer = makeExplorer()
    await explorer.select({ id: 404 })
    const host = mount(ZonePanel, {}, explorer)
    await nextTick()
    expect(host.querySelector('[role=alert]')!.textContent).toContain('not in the release')
  })
})
