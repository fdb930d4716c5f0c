// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest'
import { parseHash } from '../src/lib/hash'
import type { GateReport } from '../src/lib/openapi'
import OperationsPage from '../src/pages/OperationsPage.vue'
import { makeExplorer, mount, serve } from './support/mount'
import { makeRelease, makeRun, makeShownRelease } from './support/zones'

const LIVE = '20260202t000000-00000002'
const HOSTILE = '<img src=x onerror=alert(1)>'
const gate = {
  format: 1,
  verdict: 'overridden',
  findings: [HOSTILE],
  notes: ['a note'],
  at: null,
  limits: null,
  figures: null,
} as GateReport
const source = { file: 'x', sha256: null, md5: null, data_timestamp: null, extracted: null, seconds: {} }
const manifest = {
  id: LIVE,
  sources: [
    { ...source, name: HOSTILE, url: 'javascript:alert(1)', size: 592570, zones: 17, version_date: '2026-01-01' },
    { ...source, name: 'b', url: 'https://download.example.org/b', size: 1, zones: 1, version_date: null },
  ],
}
const RELEASE = makeRelease({ id: LIVE, live: true, gate, override: 'a reason', manifest })
const RUNS = [
  makeRun({ durations: { fetch: 14, load: 2, total: 83 } }),
  makeRun({ run: 'update-2', result: 'failed', failures: [{ step: 'load', message: HOSTILE }], warnings: ['careful'] }),
]

async function open(answers: Record<string, unknown>) {
  serve({ 'api/v1/site': { operations: true }, [`api/v1/releases/${LIVE}`]: RELEASE, ...answers })
  const explorer = makeExplorer()
  explorer.state.route = parseHash('#/operations')
  explorer.state.release = makeShownRelease(LIVE)
  const host = mount(OperationsPage, {}, explorer)
  await vi.waitFor(() => expect(host.querySelector('.spinner')).toBeNull())
  return host
}

const texts = (host: HTMLElement, selector: string) =>
  [...host.querySelectorAll(selector)].map((element) => element.textContent.replace(/\s+/g, ' ').trim())

describe('OperationsPage', () => {
  it('shows the live release, its sources with their age, and the gate', async () => {
    const host = await open({ 'api/v1/runs': { runs: RUNS } })
    expect(texts(host, '[data-testid=live-release] dd')[0]).toBe(LIVE)
    expect(texts(host, '[data-testid=sources] td.source')).toEqual([HOSTILE, 'b'])
    expect(texts(host, '[data-testid=sources] td.age')).toEqual([expect.stringMatching(/^[\d,]+ days?$/), '–'])
    expect([...host.querySelectorAll('[data-testid=sources] a')].map((link) => link.getAttribute('href'))).toEqual([
      'https://download.example.org/b',
    ])
    expect(texts(host, '[data-testid=gate] li')).toEqual([HOSTILE, 'a note'])
    expect(host.querySelector('[data-testid=gate]')!.textContent).toContain('a reason')
    expect(host.querySelector('img')).toBeNull()
  })

  it('shows what the steps took, and what went wrong', async () => {
    const host = await open({ 'api/v1/runs': { runs: RUNS } })
    expect(host.querySelector('[data-testid=steps] [role=img]')!.getAttribute('aria-label')).toContain(
      'Fetch 14 s, Load 2 s',
    )
    expect(texts(host, '[data-testid=run] .state')).toEqual(['published', 'failed'])
    expect(texts(host, '[data-testid=run] summary')).toEqual(['Failed (1)', 'Warnings (1)'])
    expect(texts(host, '[data-testid=run] li')).toEqual([`load: ${HOSTILE}`, 'careful'])
  })

  it('shows the runs together with the release above them, so that nothing moves', async () => {
    const requested = serve({ 'api/v1/site': { operations: true }, 'api/v1/runs': { runs: RUNS } })
    const answer = fetch
    let answerRelease!: (response: Response) => void
    const late = new Promise<Response>((resolve) => (answerRelease = resolve))
    vi.stubGlobal('fetch', (path: string) => (path === `api/v1/releases/${LIVE}` ? late : answer(path)))
    const explorer = makeExplorer()
    explorer.state.release = makeShownRelease(LIVE)
    const host = mount(OperationsPage, {}, explorer)
    await vi.waitFor(() => expect(requested).toContain('api/v1/runs'))
    await new Promise((resolve) => setTimeout(resolve))
    expect(host.querySelector('[data-testid=run]')).toBeNull()
    answerRelease(Response.json(RELEASE))
    await vi.waitFor(() => expect(host.querySelector('[data-testid=live-release]')).not.toBeNull())
    expect(host.querySelectorAll('[data-testid=run]')).toHaveLength(2)
  })

  it('says that the site does not show it', async () => {
    const host = await open({})
    expect(host.textContent).toContain('does not show its operations')
    expect(host.querySelector('[data-testid=live-release]')).toBeNull()
  })

  it('has no runs before the first update', async () => {
    const host = await open({ 'api/v1/runs': { runs: [] } })
    expect(host.textContent).toContain('No update has run yet.')
    expect(host.textContent).toContain('No update has recorded its steps yet.')
  })
})
