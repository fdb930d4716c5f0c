// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { setLanguage } from '../src/i18n'
import type { ExpectedCount } from '../src/lib/api'
import type { Marked } from '../src/lib/dataStyle'
import { formatDashboardHash, parseHash, type DashboardSection } from '../src/lib/hash'
import DashboardPage from '../src/pages/DashboardPage.vue'
import { button, makeExplorer, mount, serve } from './support/mount'
import { makeChange, makeRelease, makeShownRelease, makeZone } from './support/zones'

interface MapCalls {
  chosen(key: string): void
  pointed(key: string, at: { x: number; y: number }): void
}
/** What the maps were asked to show; there is no WebGL here. */
const drawn = vi.hoisted(() => ({ marked: [] as Marked[], events: [] as MapCalls[] }))
vi.mock('../src/lib/dataMap', () => ({
  DataMap: class {
    readonly map = {}
    constructor(...[, , marked, , , , events]: [unknown, unknown, Marked, unknown, unknown, unknown, MapCalls]) {
      drawn.marked.push(marked)
      drawn.events.push(events)
    }
    mark = (marked: Marked) => drawn.marked.push(marked)
    fitBounds = vi.fn()
    setRelease = vi.fn()
    setDark = vi.fn()
    remove = vi.fn()
  },
}))
beforeEach(() => {
  drawn.marked.length = 0
  drawn.events.length = 0
})

const HOSTILE = '<img src=x onerror=alert(1)>'
const LIVE = '20260202t000000-00000002'
const BEFORE = '20260101t000000-00000001'
const at = (path: string) => `api/v1/releases/${path}`

const result = (name: string, total: number, test_status: ExpectedCount['test_status']): ExpectedCount => ({
  name,
  zone_type: 'state',
  zone_type_local_name: null,
  expected_min: 2,
  expected_max: 4,
  total,
  test_status,
  is_known_failure: null,
  wikidata_id: '',
  wikidata_ontology: null,
  country_code: null,
})
const RESULTS = [result('Norway', 3, 'ok'), result('Albania', 9, 'ko'), result('Chad', -1, 'skip')]
const COUNTRIES = { release: LIVE, zones: [makeZone({ id: 5, name: 'Liechtenstein', country_code: 'LI' })], next: null }
const SITE = { 'api/v1/site': { operations: false }, [at(`${LIVE}/countries?lang=en`)]: COUNTRIES }

async function open(
  answers: Record<string, unknown> = { 'data/test_results.json': RESULTS },
  { section = 'results', live = null }: { section?: DashboardSection; live?: string | null } = {},
) {
  const requested = serve({ ...SITE, ...answers })
  const explorer = makeExplorer()
  explorer.state.route = parseHash(formatDashboardHash(section))
  if (live !== null) explorer.state.release = makeShownRelease(live)
  const host = mount(DashboardPage, {}, explorer)
  await vi.waitFor(() => expect(host.querySelector('.spinner')).toBeNull())
  return { host, explorer, requested }
}

const texts = (host: HTMLElement, selector: string) =>
  [...host.querySelectorAll(selector)].map((element) => element.textContent.replace(/\s+/g, ' ').trim())
const countries = (host: HTMLElement) => texts(host, 'tbody td:first-child')

async function type(host: HTMLElement, text: string): Promise<void> {
  const input = host.querySelector<HTMLInputElement>('input[type=search]')!
  input.value = text
  input.dispatchEvent(new Event('input'))
  await nextTick()
}

describe('results', () => {
  it('lists the results in the order of the file', async () => {
    const { host } = await open()
    expect(countries(host)).toEqual(['Norway', 'Albania', 'Chad'])
  })

  it('writes the result as total, then the expected range', async () => {
    const { host } = await open()
    expect(texts(host, 'td.total')).toEqual(['3 expected: 2 ~ 4', '9 expected: 2 ~ 4', '- expected: 2 ~ 4'])
  })

  it('marks failures, known ones too', async () => {
    const known = { ...result('Bhutan', 1, 'ko'), is_known_failure: 'yes' as const }
    const { host } = await open({ 'data/test_results.json': [...RESULTS, known] })
    expect(texts(host, 'tr.ko_column td:first-child')).toEqual(['Albania', 'Bhutan'])
  })

  it('sorts by a column upwards, downwards, then not at all', async () => {
    const { host } = await open()
    const order = []
    for (let clicks = 0; clicks < 3; clicks += 1) {
      button(host, 'Name').click()
      await nextTick()
      order.push([countries(host)[0], host.querySelector('th')!.getAttribute('aria-sort')])
    }
    expect(order).toEqual([
      ['Albania', 'ascending'],
      ['Norway', 'descending'],
      ['Norway', 'none'],
    ])
  })

  it('shows right, wrong and not claimed results in groups', async () => {
    const unclaimed = { ...result('Cuba', 0, 'ko'), claimed: false }
    const missing = { ...result('Fiji', -1, 'skip'), claimed: true }
    const { host } = await open({ 'data/test_results.json': [...RESULTS, unclaimed, missing] })
    expect(texts(host, '.tabs button')).toEqual(['All 5', 'Right 1', 'Wrong 2', 'Not claimed 2'])
    expect(texts(host, 'h3')).toEqual(['Right 1', 'Wrong 2', 'Not claimed 2'])
    expect(texts(host, 'tr.ko_column td:first-child')).toEqual(['Albania', 'Fiji'])
    button(host, 'Not claimed 2').click()
    await nextTick()
    expect(countries(host)).toEqual(['Chad', 'Cuba'])
  })

  it('filters by group and by text', async () => {
    const { host } = await open()
    button(host, 'Wrong 1').click()
    await nextTick()
    expect(countries(host)).toEqual(['Albania'])
    await type(host, 'chad')
    expect(countries(host)).toEqual([])
    expect(host.textContent).toContain('No row fits the filter.')
  })

  it('says when there are no statistics yet', async () => {
    const { host } = await open({})
    expect(host.querySelector('[role=alert]')!.textContent).toContain('No statistics yet')
  })

  it('loads the statistics of a newer release, once', async () => {
    const { explorer, requested } = await open()
    const count = () => requested.filter((path) => path === 'data/test_results.json').length
    explorer.state.release = makeShownRelease('first')
    await nextTick()
    expect(count()).toBe(1)
    explorer.state.release = makeShownRelease('second')
    await nextTick()
    expect(count()).toBe(2)
  })

  it('colours the countries of the listed rows, links them, and says on the map what is known', async () => {
    const rows = [{ ...result(HOSTILE, 9, 'ko'), country_code: 'LI' }, result('Norway', 3, 'ok')]
    const { host } = await open({ 'data/test_results.json': rows }, { live: LIVE })
    await vi.waitFor(() =>
      expect(drawn.marked.at(-1)?.marks).toEqual([{ key: '5', zone: 5, group: 'wrong', at: null }]),
    )
    expect([...host.querySelectorAll('td.name a')].map((link) => link.getAttribute('href'))).toEqual([
      '#/zone/relation:5',
    ])
    expect(host.querySelector('img')).toBeNull()
    drawn.events[0]!.pointed('5', { x: 1, y: 2 })
    await nextTick()
    expect(texts(host, '.tip strong')).toEqual(['Liechtenstein'])
    drawn.events[0]!.chosen('5')
    await nextTick()
    expect(texts(host, '.tip'), 'the card says the same').toEqual([])
    const card = host.querySelector<HTMLElement>('[data-testid=map-card]')!
    expect(card.textContent).toContain('Liechtenstein')
    expect(card.textContent).toContain('State: 9 (expected: 2\u00a0~\u00a04), Unexpected')
    button(host, 'Right 1').click()
    await nextTick()
    expect(drawn.marked.at(-1)!.marks).toEqual([])
  })

  it('has its texts in French', async () => {
    const { host } = await open()
    setLanguage('fr')
    await nextTick()
    expect(texts(host, 'h1')).toEqual(['Tableau de bord'])
    expect(texts(host, '.tabs button')).toEqual(['Tous 3', 'Juste 1', 'Faux 1', 'Non revendiqué 1'])
  })
})

describe('coverage', () => {
  const row = { country_code: 'LI', area: 1.6e8 }
  const coverage = [
    { ...row, zone_type: 'country', zones: 1, share: 1 },
    { ...row, zone_type: 'state', zones: 2, share: 1 },
    { ...row, zone_type: 'city', zones: 11, share: 0.7 },
  ]

  it('has a layer for each type, on the map and in the table', async () => {
    const answers = { [at(`${LIVE}/coverage`)]: { release: LIVE, coverage } }
    const { host } = await open(answers, { section: 'coverage', live: LIVE })
    await vi.waitFor(() => expect(drawn.marked.at(-1)?.marks).toEqual([expect.objectContaining({ group: 'half' })]))
    expect(texts(host, 'fieldset label')).toEqual(['State', 'City'])
    expect(texts(host, 'tbody td')).toEqual(['Liechtenstein', '70%', '11', '160 km²'])
    host.querySelector<HTMLInputElement>('input[value=state]')!.dispatchEvent(new Event('change'))
    await nextTick()
    expect(texts(host, 'tbody td')[1]).toBe('100%')
    expect(drawn.marked.at(-1)!.marks).toEqual([expect.objectContaining({ zone: 5, group: 'all' })])
  })
})

describe('changes', () => {
  const releases = [makeRelease({ id: LIVE, live: true }), makeRelease({ id: BEFORE, state: 'retired' })]
  const address = at(`${BEFORE}/changes/${LIVE}?limit=5000`)
  const changes = [
    makeChange({
      change: 'renamed',
      name: HOSTILE,
      name_before: 'Old',
      osm_id: 'relation:4',
      id: 104,
      bbox: [1, 1, 2, 2],
    }),
    makeChange({ change: 'removed', name: null, name_before: 'Goner', osm_id: 'relation:7', id: null }),
    makeChange({ change: 'area', name: 'Grower', osm_id: 'relation:6', id: 106, percent: 12.5 }),
  ]
  const answers = {
    'api/v1/releases': { releases },
    [address]: { before: BEFORE, after: LIVE, changes },
  }

  it('since the release before are listed and marked', async () => {
    const { host } = await open(answers, { section: 'changes', live: LIVE })
    expect(texts(host, 'td.change')).toEqual([`Old → ${HOSTILE}`, 'no longer there', 'area +12.5%'])
    expect(texts(host, '.tabs button').slice(0, 4)).toEqual(['All 3', 'Added 0', 'Removed 1', 'Moved 0'])
    expect([...host.querySelectorAll('td.zone a')].map((link) => link.getAttribute('href'))).toEqual([
      '#/zone/relation:4',
      'https://www.openstreetmap.org/relation/4',
      'https://www.openstreetmap.org/relation/7',
      '#/zone/relation:6',
      'https://www.openstreetmap.org/relation/6',
    ])
    expect(host.querySelector('img')).toBeNull()
    await vi.waitFor(() => expect(drawn.marked.at(-1)?.marks).toHaveLength(3))
    button(host, 'Removed 1').click()
    await nextTick()
    expect(drawn.marked.at(-1)!.marks).toEqual([{ key: 'relation:7', zone: null, group: 'removed', at: null }])
    await type(host, 'nothing like it')
    expect(host.textContent).toContain('No row fits the filter.')
  })

  it('are shown on the map from their row', async () => {
    const { host } = await open(answers, { section: 'changes', live: LIVE })
    await vi.waitFor(() => expect(drawn.events).toHaveLength(1))
    button(host, `Show ${HOSTILE} on the map`).click()
    await nextTick()
    expect(host.querySelector('[data-testid=map-card]')!.textContent).toContain(`Old → ${HOSTILE}`)
  })

  it('need an earlier release, and may be none', async () => {
    const only = { 'api/v1/releases': { releases: releases.slice(0, 1) } }
    expect((await open(only, { section: 'changes', live: LIVE })).host.textContent).toContain('the only release')
    const none = { ...answers, [address]: { before: BEFORE, after: LIVE, changes: [] } }
    expect((await open(none, { section: 'changes', live: LIVE })).host.textContent).toContain('Nothing changed')
  })
})

describe('left out', () => {
  const finding = { reason: 'no_name', country_code: 'LI', admin_level: 8, place: null, count: 3 }
  const answer = {
    release: LIVE,
    left_out: [
      { ...finding, examples: ['relation:1', 'javascript:alert(1)'] },
      { ...finding, reason: HOSTILE, country_code: null, count: 9, examples: [] },
    ],
    repaired: null,
  }

  it('lists reasons, numbers and objects', async () => {
    const answers = { [at(`${LIVE}/left_out`)]: answer }
    const { host } = await open(answers, { section: 'left_out', live: LIVE })
    expect(texts(host, '.reasons button strong')).toEqual([HOSTILE, 'No name'])
    expect(texts(host, 'tbody tr:nth-child(2) td')).toEqual([
      'Liechtenstein',
      'No name',
      'level 8',
      '3',
      'relation:1javascript:alert(1)',
    ])
    expect([...host.querySelectorAll('.examples a')].map((link) => link.getAttribute('href'))).toEqual([
      'https://www.openstreetmap.org/relation/1',
    ])
    expect(host.querySelector('img')).toBeNull()
    host.querySelectorAll<HTMLElement>('.reasons button')[1]!.click()
    await nextTick()
    expect(countries(host)).toEqual(['Liechtenstein'])
    button(host, 'Repaired').click()
    await nextTick()
    expect(host.textContent).toContain('did not record it')
  })
})

describe('examples of what was left out', () => {
  it('are three at first, so that rows stay low, and all on request', async () => {
    const examples = ['relation:1', 'relation:2', 'relation:3', 'relation:4', 'relation:5']
    const row = { reason: 'no_name', country_code: 'LI', admin_level: 8, place: null, count: 5, examples }
    const answers = { [at(`${LIVE}/left_out`)]: { release: LIVE, left_out: [row], repaired: null } }
    const { host } = await open(answers, { section: 'left_out', live: LIVE })
    expect(texts(host, 'td.examples > ul li')).toEqual(examples.slice(0, 3))
    expect(texts(host, 'td.examples summary')).toEqual(['2 more'])
    expect(texts(host, 'td.examples details li')).toEqual(examples.slice(3))
  })
})

describe('trend', () => {
  it('compares the kept releases, the oldest first', async () => {
    const ids = [LIVE, BEFORE]
    const releases = ids.map((id, place) => makeRelease({ id, live: place === 0, zones: 20 - place, manifest: null }))
    const answers: Record<string, unknown> = { 'api/v1/releases': { releases } }
    for (const release of releases) {
      answers[at(release.id)] = release
      answers[at(`${release.id}/statistics`)] = { release: release.id, statistics: release.live ? RESULTS : null }
    }
    const { host } = await open(answers, { section: 'trend', live: LIVE })
    expect(host.querySelector('[data-testid=line-chart]')!.getAttribute('aria-label')).toMatch(/19, .* 20$/)
    expect(texts(host, '[data-testid=trend] tbody tr').map((text) => text.split(' ')[0])).toEqual([BEFORE, LIVE])
    expect(texts(host, '[data-testid=trend] tbody td.wrong')).toEqual(['–', '1'])
  })
})

describe('every section', () => {
  it.each(['coverage', 'changes', 'left_out', 'trend'] as const)(
    '%s says what is missing, and recovers',
    async (section) => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      try {
        const { host } = await open({}, { section, live: LIVE })
        expect(host.querySelector('[role=alert]')!.textContent).toContain('cannot be loaded')
        serve({
          ...SITE,
          'api/v1/releases': { releases: [] },
          [at(`${LIVE}/coverage`)]: { release: LIVE, coverage: [] },
          [at(`${LIVE}/left_out`)]: { release: LIVE, left_out: [], repaired: [] },
        })
        await vi.advanceTimersByTimeAsync(61_000)
        await vi.waitFor(() => expect(host.querySelector('[role=alert]')).toBeNull())
      } finally {
        vi.useRealTimers()
      }
    },
  )

  it('links to operations only where the site shows them', async () => {
    expect(texts((await open()).host, 'nav a')).not.toContain('Operations')
    const shown = await open({ 'data/test_results.json': RESULTS, 'api/v1/site': { operations: true } })
    await vi.waitFor(() => expect(texts(shown.host, 'nav a')).toContain('Operations'))
  })
})
