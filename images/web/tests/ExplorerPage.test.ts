// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import ExplorerPage from '../src/pages/ExplorerPage.vue'
import { makeExplorer, mount, serve } from './support/mount'
import { makeShownRelease } from './support/zones'

async function openPage() {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined) // there is no WebGL, so no map
  serve({})
  const explorer = makeExplorer()
  explorer.state.release = makeShownRelease('a')
  explorer.state.layer = 'city'
  const host = mount(ExplorerPage, { active: true }, explorer)
  await nextTick()
  const notice = async () => {
    await nextTick()
    return host.querySelector('[aria-live=polite] [data-testid=no-zones]')?.textContent.trim() ?? null
  }
  return { ...explorer, notice }
}

const VADUZ = { id: 1, name: 'Vaduz', type: 'city', bounded: true }

describe('a map without zones of the chosen type', () => {
  it('says so on the page and to screen readers, until zones are in view', async () => {
    const { state, notice, handleMapSettled } = await openPage()
    expect(await notice()).toBeNull()
    state.zoom = 2
    handleMapSettled([], ['country'], 'city')
    expect(await notice()).toBe('Zoom in to see zones of the type City.')
    state.zoom = 11
    expect(await notice()).toBe('No zones of the type City here.')
    handleMapSettled([VADUZ], ['city'], 'city')
    expect(await notice()).toBeNull()
  })

  it('says nothing about a type whose zones are still to be drawn, and while parts of the map are missing', async () => {
    const { state, notice, handleMapSettled, chooseLayer } = await openPage()
    handleMapSettled([], [], 'city')
    expect(await notice()).not.toBeNull()
    chooseLayer('state')
    expect(await notice()).toBeNull()
    handleMapSettled([], [], 'state')
    state.tileProblem = 'The tile service is not ready.'
    expect(await notice()).toBeNull()
  })
})
