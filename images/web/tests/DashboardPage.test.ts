// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import type { ExpectedCount } from '../src/lib/api'
import DashboardPage from '../src/pages/DashboardPage.vue'
import { button, makeExplorer, mount, serve } from './support/mount'

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

async function open(answers: Record<string, unknown> = { 'data/test_results.json': RESULTS }) {
  const requested = serve(answers)
  const explorer = makeExplorer()
  const host = mount(DashboardPage, {}, explorer)
  await vi.waitFor(() => expect(host.querySelector('.spinner')).toBeNull())
  return { host, explorer, requested }
}

const countries = (host: HTMLElement) =>
  [...host.querySelectorAll('tbody td:first-child')].map((cell) => cell.textContent)

describe('DashboardPage', () => {
  it('lists the results in the order of the file', async () => {
    const { host } = await open()
    expect(countries(host)).toEqual(['Norway', 'Albania', 'Chad'])
  })

  it('writes the result as total, then the expected range', async () => {
    const { host } = await open()
    const cells = [...host.querySelectorAll('td.numbers')].map((cell) => cell.textContent.replace(/\s+/g, ' ').trim())
    expect(cells).toEqual(['3 expected : 2 ~ 4', '9 expected : 2 ~ 4', '- expected : 2 ~ 4'])
  })

  it('marks failures, known ones too', async () => {
    const known = { ...result('Bhutan', 1, 'ko'), is_known_failure: 'yes' as const }
    const { host } = await open({ 'data/test_results.json': [...RESULTS, known] })
    expect([...host.querySelectorAll('tr.ko_column td:first-child')].map((cell) => cell.textContent)).toEqual([
      'Albania',
      'Bhutan',
    ])
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
    const texts = (selector: string) =>
      [...host.querySelectorAll(selector)].map((element) => element.textContent.replace(/\s+/g, ' ').trim())
    expect(texts('.tabs button')).toEqual(['All 5', 'Right 1', 'Wrong 2', 'Not claimed 2'])
    expect(texts('h3')).toEqual(['Right 1', 'Wrong 2', 'Not claimed 2'])
    expect(texts('tr.ko_column td:first-child')).toEqual(['Albania', 'Fiji'])
    button(host, 'Not claimed 2').click()
    await nextTick()
    expect(countries(host)).toEqual(['Chad', 'Cuba'])
  })

  it('filters by group and by text', async () => {
    const { host } = await open()
    button(host, 'Wrong 1').click()
    await nextTick()
    expect(countries(host)).toEqual(['Albania'])
    const input = host.querySelector('input')!
    input.value = 'chad'
    input.dispatchEvent(new Event('input'))
    await nextTick()
    expect(countries(host)).toEqual([])
    expect(host.textContent).toContain('No row fits the filter.')
  })

  it('says when there are no statistics yet', async () => {
    const { host } = await open({})
    expect(host.querySelector('[role=alert]')!.textContent).toContain('No statistics yet')
  })

  it('loads the statistics of a newer release', async () => {
    const { explorer, requested } = await open()
    const release = { tiles: ['x'], attribution: [], bounds: null, minzoom: 0, maxzoom: 14 }
    const details = { zones: null, counts: null, publishedAt: null, dataDates: null, languages: [] }
    explorer.state.release = { id: 'first', ...release, ...details }
    await nextTick()
    expect(requested).toHaveLength(1)
    explorer.state.release = { id: 'second', ...release, ...details }
    await nextTick()
    expect(requested).toHaveLength(2)
  })
})
