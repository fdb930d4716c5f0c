// SPDX-License-Identifier: Apache-2.0
/** What the explorer shows, and everything that can change it. One for the whole page. */
import { computed, reactive, readonly, shallowRef } from 'vue'
import { getParents, getZone, getZoneByOsmId, RequestError, type Zone, type ZoneWithBbox } from './lib/api'
import { boundsOf } from './lib/geometry'
import { formatExplorer, parseHash, type Route, type View, type ZoneRef } from './lib/hash'
import type { NamedZone } from './lib/labels'
import type { Padding, ZoneMap } from './lib/map'
import { liveRelease, loadRelease, siteAddress, type Bounds, type Release } from './lib/release'
import type { Shown } from './lib/style'
import { overviewType, typeForZoom } from './lib/zoneTypes'

export interface Selection {
  zone: ZoneWithBbox
  parents: Zone[]
  children: Zone[]
}

export interface Problem {
  title: string
  detail: string
  retryAfter: number
}

interface State {
  route: Route
  /** Marked layer; null while a zone is chosen. */
  layer: string | null
  zoom: number
  release: Release | null
  releaseProblem: Problem | null
  /** A release published after the one on the page. */
  newer: Release | null
  selection: Selection | null
  selecting: boolean
  zoneProblem: string | null
  /** Something the visitor should know about the tiles, with a way to try again. */
  tileProblem: string | null
  announcement: string | null
  visible: NamedZone[]
  settled: boolean
}

export interface ExplorerHandle {
  readonly map: ZoneMap['map'] | null
  readonly state: Readonly<State>
}

const WORLD_VIEW: Bounds = [-168, -54, 178, 75]
const CHECK_EVERY = 60_000
const DEFAULT_RETRY = 10

const state = reactive<State>({
  route: parseHash(location.hash),
  layer: null,
  zoom: 0,
  release: null,
  releaseProblem: null,
  newer: null,
  selection: null,
  selecting: false,
  zoneProblem: null,
  tileProblem: null,
  announcement: null,
  visible: [],
  settled: false,
})

const map = shallowRef<ZoneMap | null>(null)
let explorerHash = location.hash
let writtenHash = location.hash
let pendingSelection: AbortController | null = null
/** The zone that the address names, which may still be on its way. */
let addressed: ZoneRef | null = null
let switching = false

const shown = computed<Shown>(() => {
  if (state.selection) {
    const { zone, children } = state.selection
    return { zone: zone.id, of: zone.zone_type ?? '', children: children.map(({ id }) => id) }
  }
  return { type: state.layer ?? 'country' }
})

/** Small screens show the panel over the lower part of the map. */
const narrow = () => window.innerWidth < 760

function padding(): Padding {
  if (narrow()) return { top: 90, right: 24, bottom: state.selection ? window.innerHeight * 0.45 : 60, left: 24 }
  return { top: 60, right: 200, bottom: 50, left: state.selection ? 380 : 60 }
}

// ── release ──────────────────────────────────────────────────────────────────────────────────────

async function start(): Promise<void> {
  try {
    const release = await loadRelease(siteAddress())
    state.release = release
    state.releaseProblem = null
    chooseFirstLayer(release)
  } catch (error) {
    state.releaseProblem = describeProblem(error)
  }
}

function chooseFirstLayer(release: Release): void {
  if (state.layer !== null) return
  const view = state.route.page === 'explorer' ? state.route.view : null
  state.layer = view ? typeForZoom(view.zoom, release.counts) : overviewType(release.counts)
}

function describeProblem(error: unknown): Problem {
  const asked = error instanceof RequestError ? error.retryAfter : null
  const retryAfter = asked ?? DEFAULT_RETRY
  if (!(error instanceof RequestError)) {
    return {
      title: 'The map data cannot be read',
      detail: String(error instanceof Error ? error.message : error),
      retryAfter,
    }
  }
  if (error.status === 404 || /no release/i.test(error.message)) {
    return {
      title: 'No data has been published yet',
      detail: 'The first release appears here as soon as a data update has finished.',
      retryAfter: asked ?? 30,
    }
  }
  if (error.status === 0) {
    return { title: 'The server cannot be reached', detail: 'Check the connection; the page keeps trying.', retryAfter }
  }
  return { title: 'The service is not ready', detail: `${sentence(error.message)} The page keeps trying.`, retryAfter }
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)

async function checkRelease(): Promise<void> {
  if (state.release === null || document.hidden) return
  try {
    const live = await liveRelease()
    if (live === state.release.id) state.newer = null
    else if (live !== state.newer?.id) state.newer = await loadRelease(siteAddress())
  } catch {
    // The release on the page stays usable; the next check is a minute away.
  }
}

/** Shows the newer release; the chosen zone is found again by its OSM id, as ids change with a release. */
async function switchRelease(): Promise<void> {
  const { newer } = state
  if (newer === null || switching) return
  switching = true
  try {
    state.release = newer
    state.newer = null
    state.tileProblem = null
    map.value?.setRelease(newer)
    const osmId = state.selection?.zone.osm_id
    if (osmId) await select({ osmId }, { history: 'replace' })
  } finally {
    switching = false
  }
}

// ── zones ────────────────────────────────────────────────────────────────────────────────────────

interface SelectOptions {
  history?: 'push' | 'replace' | 'none'
  /** Move the map: never, when the zone is not in sight, or always. */
  frame?: 'never' | 'needed' | 'always'
}

async function select(ref: ZoneRef, { history = 'push', frame = 'never' }: SelectOptions = {}): Promise<void> {
  pendingSelection?.abort()
  const request = (pendingSelection = new AbortController())
  state.selecting = true
  state.zoneProblem = null
  if (history === 'none') addressed = ref
  try {
    const release = state.release?.id ?? ''
    const { zone, children } = await ('id' in ref
      ? getZone(ref.id, release, request.signal)
      : getZoneByOsmId(ref.osmId, release, request.signal))
    const { parents } = await getParents(zone.id, release, request.signal)
    if (request.signal.aborted) return
    state.selection = { zone, children, parents: withoutRepeats(parents, zone.id) }
    state.layer = null
    if (history !== 'none') addressed = { id: zone.id }
    writeHash(history)
    frameZone(zone, frame)
  } catch (error) {
    if (request.signal.aborted) return
    const missing = error instanceof RequestError && error.status === 404
    state.zoneProblem = missing ? 'This zone is not in the release shown here.' : messageOf(error)
    if (missing) void checkRelease()
  } finally {
    if (pendingSelection === request) {
      state.selecting = false
      pendingSelection = null
    }
  }
}

/** Damaged data can make a zone its own ancestor; the list ends before it repeats. */
function withoutRepeats(parents: Zone[], self: number): Zone[] {
  const seen = new Set([self])
  return parents.filter(({ id }) => !seen.has(id) && seen.add(id))
}

function frameZone(zone: ZoneWithBbox, frame: 'never' | 'needed' | 'always'): void {
  const bounds = boundsOf(zone.bbox)
  if (bounds === null || map.value === null || frame === 'never') return
  if (frame === 'needed' && map.value.frames(bounds)) return
  map.value.fit(bounds, padding())
}

function zoomToSelection(): void {
  if (state.selection) frameZone(state.selection.zone, 'always')
}

function chooseLayer(type: string): void {
  clearSelection()
  state.layer = type
  writeHash('push')
}

function closePanel(): void {
  const type = state.selection?.zone.zone_type
  clearSelection()
  state.layer ??= type ?? overviewType(state.release?.counts ?? null)
  writeHash('push')
}

function clearSelection(): void {
  pendingSelection?.abort()
  pendingSelection = null
  addressed = null
  state.selection = null
  state.selecting = false
  state.zoneProblem = null
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

// ── address ──────────────────────────────────────────────────────────────────────────────────────

function writeHash(mode: 'push' | 'replace' | 'none'): void {
  if (mode === 'none' || map.value === null || state.route.page !== 'explorer') return
  const hash = formatExplorer(map.value.view, addressed)
  if (hash === location.hash) return
  history[mode === 'push' ? 'pushState' : 'replaceState'](null, '', hash)
  writtenHash = explorerHash = hash
}

/** The visitor went back or forward, or changed the address. */
function followAddress(): void {
  if (location.hash === writtenHash) return
  writtenHash = location.hash
  const route = (state.route = parseHash(location.hash))
  if (route.page !== 'explorer') return
  explorerHash = location.hash
  if (route.view) map.value?.jump(route.view)
  followZone(route.zone)
}

function followZone(ref: ZoneRef | null): void {
  const current = state.selection?.zone
  if (ref === null) {
    if (current) {
      clearSelection()
      state.layer ??= current.zone_type
    }
  } else if (!current || ('id' in ref ? ref.id !== current.id : ref.osmId !== current.osm_id)) {
    void select(ref, { history: 'none' })
  }
}

// ── map ──────────────────────────────────────────────────────────────────────────────────────────

function startView(): View | Bounds {
  const view = state.route.page === 'explorer' ? state.route.view : null
  if (view) return view
  const bounds = state.release?.bounds ?? WORLD_VIEW
  // The poles of a world map are all stretch and no zones.
  return bounds[2] - bounds[0] > 300 ? WORLD_VIEW : bounds
}

function mapReady(zoneMap: ZoneMap): void {
  map.value = zoneMap
  state.zoom = zoneMap.map.getZoom()
  if (state.route.page === 'explorer' && state.route.zone) {
    void select(state.route.zone, { history: 'none', frame: state.route.view ? 'never' : 'always' })
  }
}

function mapSettled(visible: NamedZone[]): void {
  state.visible = visible
  state.settled = true
}

/** A tile did not come: either the page's release is gone, or the server has a problem. */
async function tileFailed(status: number): Promise<void> {
  if (status === 404) {
    await checkRelease()
    if (state.newer) {
      await switchRelease()
      state.announcement = 'New data was published: the map now shows it.'
      return
    }
  }
  state.tileProblem = status === 503 ? 'The tile service is not ready.' : 'Parts of the map could not be loaded.'
}

function reloadTiles(): void {
  state.tileProblem = null
  map.value?.reload()
}

// ── page ─────────────────────────────────────────────────────────────────────────────────────────

window.addEventListener('popstate', followAddress)
window.addEventListener('hashchange', followAddress)
document.addEventListener('visibilitychange', () => void checkRelease())
setInterval(() => void checkRelease(), CHECK_EVERY)

window.cosmogony = {
  get map() {
    return map.value?.map ?? null
  },
  state: readonly(state) as Readonly<State>,
}

export function useExplorer() {
  return {
    state,
    map,
    shown,
    padding,
    start,
    startView,
    mapReady,
    mapSettled,
    mapMoved: () => writeHash('replace'),
    tileFailed,
    reloadTiles,
    select,
    /** A zone clicked on the map is in sight already, unless the panel is about to cover it. */
    selectClicked: (id: number) => select({ id }, { frame: narrow() ? 'always' : 'never' }),
    zoomToSelection,
    chooseLayer,
    closePanel,
    switchRelease,
    explorerAddress: () => explorerHash || '#/',
  }
}
