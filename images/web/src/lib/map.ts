// SPDX-License-Identifier: Apache-2.0
/** The map itself: MapLibre behind the few operations the explorer needs. */
import {
  AttributionControl,
  Map as MapLibre,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type MapGeoJSONFeature,
  type MapMouseEvent,
  type PointLike,
} from 'maplibre-gl'
import 'maplibre-gl/dist/maplibre-gl.css'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { turnedTowards } from './geometry'
import { gridFor } from './grid'
import type { View } from './hash'
import { distinct, labelsFor, zonesIn, type NamedZone } from './labels'
import type { Bounds, Release } from './release'
import {
  ALL,
  DARK,
  filtersFor,
  GRID,
  HOVER,
  LABEL_FONT,
  LABELS,
  LIGHT,
  mapStyle,
  SOURCE_LAYER,
  ZONES,
  type Shown,
} from './style'

setWorkerUrl(workerUrl)

export interface Padding {
  top: number
  right: number
  bottom: number
  left: number
}

export interface MapEvents {
  /** The view came to rest after a move. */
  moved(view: View): void
  zoomed(zoom: number): void
  pointed(zones: NamedZone[], at: { x: number; y: number } | null): void
  clicked(zones: NamedZone[], at: { x: number; y: number }): void
  /** Everything in view is drawn. */
  settled(zones: NamedZone[]): void
  failed(status: number): void
}

/** Pointer moves are answered at most this often, in milliseconds. */
const HOVER_INTERVAL = 30
const DEEPEST_ZOOM = 18
const LONGEST_FLIGHT = 900

export class ZoneMap {
  readonly map: MapLibre
  private shown: Shown
  private release: Release
  private hovered: number | null = null
  private lastPointed = 0
  private lastLabels = ''
  private readonly darkMode = window.matchMedia('(prefers-color-scheme: dark)')

  constructor(
    container: HTMLElement,
    release: Release,
    shown: Shown,
    start: View | Bounds,
    padding: Padding,
    private readonly events: MapEvents,
  ) {
    this.shown = shown
    this.release = release
    this.map = new MapLibre({
      container,
      style: mapStyle(release, this.palette(), shown),
      maxZoom: DEEPEST_ZOOM,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: false,
      ...(Array.isArray(start)
        ? { bounds: start, fitBoundsOptions: { padding: wide(start) ? 0 : padding, maxZoom: 14 } }
        : { center: [start.lng, start.lat], zoom: start.zoom }),
    })
    this.map.touchZoomRotate.disableRotation()
    this.map.keyboard.disableRotation()
    this.map.addControl(new AttributionControl({ compact: false }), 'bottom-right')
    this.map.addControl(new NavigationControl({ showCompass: false }), 'bottom-right')
    this.map.addControl(new ScaleControl({ maxWidth: 110 }), 'bottom-left')
    this.listen()
  }

  get view(): View {
    const { lng, lat } = this.map.getCenter().wrap()
    return { zoom: this.map.getZoom(), lng, lat }
  }

  show(shown: Shown): void {
    this.shown = shown
    if (!this.map.getLayer(ALL)) return
    for (const [layer, filter] of Object.entries(filtersFor(shown))) this.map.setFilter(layer, filter)
    this.highlight(null)
  }

  setRelease(release: Release): void {
    this.release = release
    this.hovered = null
    this.restyle()
  }

  /** Asks again for the tiles that failed. */
  reload(): void {
    if (this.map.getSource(ZONES)) this.map.refreshTiles(ZONES)
  }

  jump(view: View): void {
    this.map.jumpTo({ center: [view.lng, view.lat], zoom: view.zoom }, { jumped: true })
  }

  fit(bounds: Bounds, padding: Padding): void {
    this.map.fitBounds(bounds, { padding, maxZoom: 15, duration: LONGEST_FLIGHT })
  }

  /** Whether a good part of the box can be seen at a size that makes sense. */
  frames(bounds: Bounds): boolean {
    const seen = this.map.getBounds()
    const width = seen.getEast() - seen.getWest()
    const [west, south, east, north] = turnedTowards(bounds, seen.getCenter().lng)
    const overlaps =
      west < seen.getEast() && east > seen.getWest() && south < seen.getNorth() && north > seen.getSouth()
    const share = (east - west) / width
    return overlaps && share > 0.04 && share < 1.6
  }

  highlight(id: number | null): void {
    if (id === this.hovered || !this.map.getSource(ZONES)) return
    const feature = (zone: number) => ({ source: ZONES, sourceLayer: SOURCE_LAYER, id: zone })
    if (this.hovered !== null) this.map.setFeatureState(feature(this.hovered), { hover: false })
    if (id !== null) this.map.setFeatureState(feature(id), { hover: true })
    this.hovered = id
  }

  resize(): void {
    this.map.resize()
  }

  remove(): void {
    this.darkMode.removeEventListener('change', this.restyle)
    this.map.remove()
  }

  private palette() {
    return this.darkMode.matches ? DARK : LIGHT
  }

  private readonly restyle = (): void => {
    this.lastLabels = ''
    this.map.setStyle(mapStyle(this.release, this.palette(), this.shown), { diff: false })
  }

  private listen(): void {
    const { map, events } = this
    this.darkMode.addEventListener('change', this.restyle)
    map.on('style.load', () => this.drawGrid())
    map.on('moveend', (event) => {
      this.drawGrid()
      // A jump came from the address: there is nothing to write back.
      if (!('jumped' in event)) events.moved(this.view)
    })
    map.on('zoom', () => events.zoomed(map.getZoom()))
    map.on('mousemove', (event) => this.point(event))
    map.on('mouseout', () => {
      this.highlight(null)
      events.pointed([], null)
    })
    map.on('click', (event) => events.clicked(this.zonesAt(event.point), event.point))
    map.on('idle', () => this.settle())
    map.on('error', ({ error }) => events.failed(statusOf(error)))
  }

  private drawGrid(): void {
    void this.map.getSource<GeoJSONSource>(GRID)?.setData(gridFor(this.map.getZoom(), this.map.getBounds()))
  }

  private point(event: MapMouseEvent): void {
    const now = performance.now()
    if (now - this.lastPointed < HOVER_INTERVAL) return
    this.lastPointed = now
    const zones = this.zonesAt(event.point)
    this.map.getCanvas().style.cursor = zones.length > 0 ? 'pointer' : ''
    this.highlight(zones[0]?.id ?? null)
    this.events.pointed(zones, zones.length > 0 ? event.point : null)
  }

  /**
   * The zones a click at a point can mean: those of the shown type; with a zone chosen its children
   * there, or the neighbour of its kind.
   */
  private zonesAt(point: PointLike): NamedZone[] {
    const { shown } = this
    if (!this.map.getLayer(HOVER)) return []
    if ('type' in shown) return distinct(zonesIn(this.map.queryRenderedFeatures(point, { layers: [ALL] })))
    const here = zonesIn(this.map.queryRenderedFeatures(point, { layers: [HOVER] }))
    const children = here.filter(({ id }) => shown.children.includes(id))
    if (children.length > 0) return distinct(children)
    const inside = here.find(({ id }) => id === shown.zone)
    if (inside) return [inside]
    return distinct(here.filter(({ type }) => type === shown.of))
  }

  private pieces(): MapGeoJSONFeature[] {
    return this.map.getLayer(ALL) ? this.map.queryRenderedFeatures({ layers: [ALL] }) : []
  }

  private settle(): void {
    const pieces = this.pieces()
    const zones = zonesIn(pieces)
    const named =
      'zone' in this.shown && this.shown.children.length > 0 ? this.childPieces(this.shown.children) : pieces
    const pixelsPerDegree = (512 * 2 ** this.map.getZoom()) / 360
    const labels = labelsFor(named.length > 0 ? named : pieces, pixelsPerDegree)
    void this.write(labels)
    this.events.settled(zones)
  }

  /** Draws labels once the parts of the font that they need are there. */
  private async write(labels: ReturnType<typeof labelsFor>): Promise<void> {
    const key = JSON.stringify(labels)
    if (key === this.lastLabels) return
    this.lastLabels = key
    const text = labels.features.map(({ properties }) => properties.name).join('')
    await document.fonts.load(`16px "${LABEL_FONT}"`, text).catch(() => [])
    if (this.lastLabels === key) void this.map.getSource<GeoJSONSource>(LABELS)?.setData(labels)
  }

  private childPieces(children: readonly number[]): MapGeoJSONFeature[] {
    const wanted = new Set(children)
    return this.map.queryRenderedFeatures({ layers: [HOVER] }).filter(({ id }) => wanted.has(Number(id)))
  }
}

/** A box as wide as the world has no room to leave for panels. */
const wide = ([west, , east]: Bounds) => east - west > 180

function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 0
}
