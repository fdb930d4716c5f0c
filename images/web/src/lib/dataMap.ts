// SPDX-License-Identifier: Apache-2.0
/** The map of the dashboard: marked zones and places, of which one can be pointed at and chosen. */
import {
  AttributionControl,
  Map as MapLibre,
  NavigationControl,
  type ErrorEvent,
  type MapMouseEvent,
  type Tile,
} from 'maplibre-gl'
import { makeDataStyle, MARKED, POINTS, type Marked } from './dataStyle'
import './maplibre'
import type { Bounds, Release } from './release'
import { SOURCE_LAYER, ZONES } from './style'
import { ZONE_TYPES } from './zoneTypes'

/** Functions that the map calls. */
export interface DataMapEvents {
  /** The pointer is over this mark, or (null) over none. */
  pointed(key: string | null, at: { x: number; y: number } | null): void
  chosen(key: string | null): void
  /** Whether tiles are missing; the map requests them again and again. */
  failing(failing: boolean): void
  settled(): void
}

const RETRY_INTERVAL = 10_000
/** Pixels around the pointer in which a place is found. */
const REACH = 5
const DEEPEST_FIT = 12
/** A box that is nearly as wide as the world is shown without the poles, where no zones are. */
const WORLD: Bounds = [-168, -54, 178, 75]
const isWorld = ([west, , east]: Bounds) => east - west > 300

export class DataMap {
  readonly map: MapLibre
  private keys = new Map<number, string>()
  private hovered: number | null = null
  private failed: Tile[] = []
  private retry: ReturnType<typeof setTimeout> | undefined

  /** @param locale texts of the controls, as MapLibre names them */
  constructor(
    container: HTMLElement,
    private release: Release,
    private marked: Marked,
    private dark: boolean,
    bounds: Bounds | null,
    locale: Record<string, string>,
    private readonly events: DataMapEvents,
  ) {
    this.indexZones()
    this.map = new MapLibre({
      container,
      style: makeDataStyle(release, dark, marked),
      bounds: this.chooseBounds(bounds),
      fitBoundsOptions: { padding: 12, maxZoom: DEEPEST_FIT },
      attributionControl: false,
      // So that the world fits a phone.
      minZoom: -1,
      // The page scrolls with one finger and with the wheel; the map moves with two, or with Ctrl.
      cooperativeGestures: true,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      locale,
    })
    this.map.touchZoomRotate.disableRotation()
    this.map.keyboard.disableRotation()
    this.map.addControl(new AttributionControl({ compact: false }), 'bottom-right')
    this.map.addControl(new NavigationControl({ showCompass: false }), 'top-right')
    this.listen()
  }

  /** Shows other marks; the view stays. */
  mark(marked: Marked): void {
    this.marked = marked
    this.indexZones()
    this.restyle()
  }

  setRelease(release: Release): void {
    this.release = release
    this.restyle()
  }

  setDark(dark: boolean): void {
    this.dark = dark
    this.restyle()
  }

  fitBounds(bounds: Bounds | null): void {
    this.map.fitBounds(this.chooseBounds(bounds), { padding: 40, maxZoom: DEEPEST_FIT })
  }

  remove(): void {
    clearTimeout(this.retry)
    this.map.remove()
  }

  private chooseBounds(bounds: Bounds | null): Bounds {
    const wanted = bounds ?? this.release.bounds ?? WORLD
    return isWorld(wanted) ? WORLD : wanted
  }

  private indexZones(): void {
    this.hovered = null
    this.keys = new Map(this.marked.marks.flatMap(({ zone, key }) => (zone === null ? [] : [[zone, key] as const])))
  }

  private restyle(): void {
    this.map.setStyle(makeDataStyle(this.release, this.dark, this.marked))
    // Equal styles draw nothing; without this the map would never report that it has settled.
    this.map.triggerRepaint()
  }

  private listen(): void {
    const { map, events } = this
    map.on('mousemove', (event) => {
      const found = this.findMark(event)
      map.getCanvas().style.cursor = found ? 'pointer' : ''
      this.highlight(found?.zone ?? null)
      events.pointed(found?.key ?? null, found ? event.point : null)
    })
    map.on('mouseout', () => {
      this.highlight(null)
      events.pointed(null, null)
    })
    map.on('click', (event) => events.chosen(this.findMark(event)?.key ?? null))
    // The keyboard moves the map under its middle, and Enter is a click there.
    map.getCanvas().addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') events.chosen(this.findMark({ point: map.project(map.getCenter()) })?.key ?? null)
    })
    map.on('idle', () => {
      if (this.failed.length === 0) events.failing(false)
      events.settled()
    })
    map.on('error', (event: ErrorEvent & { tile?: Tile }) => {
      if (event.tile) this.failed.push(event.tile)
      events.failing(true)
      this.retry ??= setTimeout(() => this.reloadTiles(), RETRY_INTERVAL)
    })
  }

  private reloadTiles(): void {
    this.retry = undefined
    const tiles = this.failed.splice(0).map(({ tileID }) => tileID.canonical)
    if (this.map.getSource(ZONES)) this.map.refreshTiles(ZONES, tiles)
  }

  /** The mark at the pointer: a place, otherwise the zone of the smallest type. */
  private findMark({ point: { x, y } }: Pick<MapMouseEvent, 'point'>): { key: string; zone: number | null } | null {
    if (!this.map.getLayer(POINTS)) return null
    const around: [[number, number], [number, number]] = [
      [x - REACH, y - REACH],
      [x + REACH, y + REACH],
    ]
    const place = this.map.queryRenderedFeatures(around, { layers: [POINTS] })[0]
    if (place) return { key: String(place.properties.key), zone: null }
    const depth = (type: unknown) => ZONE_TYPES.findIndex((known) => known.type === type)
    const zones = this.map
      .queryRenderedFeatures([x, y], { layers: [MARKED] })
      .sort((a, b) => depth(b.properties.zone_type) - depth(a.properties.zone_type))
    const zone = Number(zones[0]?.id)
    const key = this.keys.get(zone)
    return key === undefined ? null : { key, zone }
  }

  private highlight(zone: number | null): void {
    if (zone === this.hovered || !this.map.getSource(ZONES)) return
    const feature = (id: number) => ({ source: ZONES, sourceLayer: SOURCE_LAYER, id })
    if (this.hovered !== null) this.map.setFeatureState(feature(this.hovered), { hover: false })
    if (zone !== null) this.map.setFeatureState(feature(zone), { hover: true })
    this.hovered = zone
  }
}
