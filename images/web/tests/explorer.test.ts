// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { createExplorer } from '../src/explorer'
import { makeExplorer, serve } from './support/mount'

const tilejson = (release: string) => ({ tiles: [`/tiles/cosmogony/{z}/{x}/{y}.pbf?v=${release}`] })

describe('createExplorer', () => {
  it('starts nothing before it is called, and stops with its scope', async () => {
    const requested = serve({ 'tiles/cosmogony.json': tilejson('a') })
    document.dispatchEvent(new Event('visibilitychange'))
    const scope = effectScope()
    const explorer = scope.run(createExplorer)!
    await explorer.loadRelease()
    const before = requested.length
    document.dispatchEvent(new Event('visibilitychange'))
    expect(requested).toHaveLength(before + 1)
    scope.stop()
    document.dispatchEvent(new Event('visibilitychange'))
    expect(requested).toHaveLength(before + 1)
  })

  it('follows the address', () => {
    const { state } = makeExplorer()
    location.hash = '#/about'
    window.dispatchEvent(new Event('hashchange'))
    expect(state.route).toEqual({ page: 'about' })
  })

  it('offers a newer release, and shows it when asked', async () => {
    const answers = { 'tiles/cosmogony.json': tilejson('a') }
    serve(answers)
    const { state, loadRelease, showNewerRelease } = makeExplorer()
    await loadRelease()
    answers['tiles/cosmogony.json'] = tilejson('b')
    document.dispatchEvent(new Event('visibilitychange'))
    await vi.waitFor(() => expect(state.newerRelease?.id).toBe('b'))
    expect(state.release?.id).toBe('a')
    await showNewerRelease()
    expect([state.release?.id, state.newerRelease]).toEqual(['b', null])
  })

  it('shows the newer release when tiles of the former one are gone', async () => {
    const answers = { 'tiles/cosmogony.json': tilejson('a') }
    serve(answers)
    const { state, loadRelease, handleTileError } = makeExplorer()
    await loadRelease()
    await handleTileError(503)
    expect(state.tileProblem).toBe('The tile service is not ready.')
    answers['tiles/cosmogony.json'] = tilejson('b')
    await handleTileError(404)
    expect(state).toMatchObject({ release: { id: 'b' }, tileProblem: null })
    expect(state.announcement).toContain('New data was published')
  })

  it('does not report a tile of a former release that fails while the newer one is shown', async () => {
    const answers = { 'tiles/cosmogony.json': tilejson('a') }
    serve(answers)
    const { state, loadRelease, handleTileError } = makeExplorer()
    await loadRelease()
    answers['tiles/cosmogony.json'] = tilejson('b')
    await Promise.all([handleTileError(404), handleTileError(404), handleTileError(404)])
    expect(state).toMatchObject({ release: { id: 'b' }, tileProblem: null })
  })

  it('keeps a problem of tiles until the map is drawn without one', async () => {
    vi.useFakeTimers()
    serve({ 'tiles/cosmogony.json': tilejson('a') })
    const { state, map, loadRelease, handleTileError, handleMapSettled } = makeExplorer()
    await loadRelease()
    const reloadTiles = vi.fn()
    map.value = { reloadTiles } as never
    await handleTileError(503)
    handleMapSettled([], [], null)
    expect(state.tileProblem).not.toBeNull()
    vi.advanceTimersByTime(10_000)
    expect(reloadTiles).toHaveBeenCalledOnce()
    await handleTileError(503)
    handleMapSettled([], [], null)
    vi.advanceTimersByTime(10_000)
    expect(reloadTiles, 'the second time comes later').toHaveBeenCalledOnce()
    vi.advanceTimersByTime(10_000)
    expect(reloadTiles).toHaveBeenCalledTimes(2)
    handleMapSettled([], [], null)
    expect(state.tileProblem).toBeNull()
    vi.useRealTimers()
  })

  it('asks for a zone again while the API is away', async () => {
    vi.useFakeTimers()
    const zone = { id: 1, name: 'Vaduz', zone_type: 'city', osm_id: null, bbox: null, nb_children: 0 }
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ message: 'away' }, { status: 503 })))
    const { state, select } = makeExplorer()
    await select({ id: 1 })
    expect(state.zoneProblem).toBe('away')
    serve({ 'api/zones/1': { zone, children: [] }, 'api/zones/1/parents': { zone, parents: [] } })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(state).toMatchObject({ zoneProblem: null, selection: { zone: { name: 'Vaduz' } } })
    vi.useRealTimers()
  })

  it('has the OSM id of a zone in the address, and puts it into an address with a number', async () => {
    const zone = { id: 1, name: 'Vaduz', zone_type: 'city', osm_id: 'relation:48', bbox: null, nb_children: 0 }
    serve({ 'api/zones/1': { zone, children: [] }, 'api/zones/1/parents': { zone, parents: [] } })
    location.hash = '#/10/9.55/47.15/1'
    const { state, select, attachMap, clear } = makeExplorer()
    const view = { zoom: 10, lng: 9.55, lat: 47.15 }
    attachMap({ view, map: { getZoom: () => 10 }, mark: () => undefined, relabel: () => undefined } as never)
    await vi.waitFor(() => expect(state.selection?.zone.name).toBe('Vaduz'))
    expect(location.hash).toBe('#/10.00/9.55/47.15/relation:48')
    clear()
    location.hash = '#/'
    await select({ id: 1 })
    expect(location.hash).toBe('#/10.00/9.55/47.15/relation:48')
  })

  it('keeps a problem until the release can be loaded', async () => {
    serve({})
    const { state, loadRelease } = makeExplorer()
    await loadRelease()
    expect(state.releaseProblem?.title).toBe('No data has been published yet')
    serve({ 'tiles/cosmogony.json': tilejson('a') })
    await loadRelease()
    expect(state).toMatchObject({ releaseProblem: null, layer: 'country' })
  })
})
