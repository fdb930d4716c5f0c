// SPDX-License-Identifier: Apache-2.0
/** The map: MapLibre behind the few operations that the explorer needs. */
import {
  addProtocol,
  AttributionControl,
  type ErrorEvent,
  Map as MapLibre,
  NavigationControl,
  removeProtocol,
  ScaleControl,
  type GeoJSONSource,
  type MapGeoJSONFeature,
  type MapMouseEvent,
  type PaddingOptions,
  type PointLike,
  type Tile,
} from 'maplibre-gl'
import { shiftTowardsLongitude } from './geometry'
import { makeGrid } from './grid'
import type { MapView } from './hash'
import { dropDuplicates, listZones, makeLabelFeatures, placeLabels, type Label, type NamedZone } from './labels'
import './maplibre'
import type { Bounds, Release } from './release'
import { FILL, makeFilters, GRID, HOVER, LABEL_FONT, LABELS, makeStyle, SOURCE_LAYER, ZONES, type Marks } from './style'
import { makeTileLoader, TILE_PROTOCOL } from './tiles'
import { sortByLevel } from './zoneTypes'

/** Functions that the map calls. */
export interface MapEvents {
  /** The view came to rest after a move. */
  moved(view: MapView): void
  zoomed(zoom: number): void
  /** The pointer is over these zones, which a click would open, and over zones of other levels; over none: `at` is null. */
  pointed(zones: NamedZone[], around: NamedZone[], at: { x: number; y: number } | null): void
  clicked(zones: NamedZone[], place: { lng: number; lat: number }): void
  /** Everything in view is drawn: zones that are marked, the types of all, and the type that is marked, null for a zone. */
  settled(zones: NamedZone[], types: string[], marked: string | null): void
  /** These zones have labels; `type` is the zone type of all of them, or empty text. */
  labelled(labels: readonly Label[], type: string): void
  /** A tile could not be loaded, with this HTTP status; 0 without an answer. */
  failed(status: number): void
  /** The name to draw instead of the local one. */
  findName(id: number): string | undefined
}

/** Milliseconds between two pointer moves that are handled. */
const HOVER_INTERVAL = 30
const DEEPEST_ZOOM = 18
/** More failed tiles than a view has. */
const MOST_FAILED_TILES = 500
/** Milliseconds that a move to a zone takes. */
const FLIGHT_DURATION = 900

/** The map of the zones of one release, which the explorer moves and marks. */
export class ZoneMap {
  readonly map: MapLibre
  private marks: Marks
  private release: Release
  private hovered: number | null = null
  private lastPointed = 0
  private lastLabels = ''
  private readonly failedTiles = new Map<string, Tile['tileID']['canonical']>()

  constructor(
    container: HTMLElement,
    release: Release,
    marks: Marks,
    private dark: boolean,
    start: MapView | Bounds,
    padding: PaddingOptions,
    private readonly events: MapEvents,
  ) {
    this.marks = marks
    this.release = release
    addProtocol(
      TILE_PROTOCOL,
      makeTileLoader((status) => events.failed(status)),
    )
    this.map = new MapLibre({
      container,
      style: makeStyle(release, dark, marks),
      maxZoom: DEEPEST_ZOOM,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: false,
      ...(Array.isArray(start)
        ? { bounds: start, fitBoundsOptions: { padding: isWide(start) ? 0 : padding, maxZoom: 14 } }
        : { center: [start.lng, start.lat], zoom: start.zoom }),
    })
    this.map.touchZoomRotate.disableRotation()
    this.map.keyboard.disableRotation()
    this.map.addControl(new AttributionControl({ compact: false }), 'bottom-right')
    this.map.addControl(new NavigationControl({ showCompass: false }), 'bottom-right')
    this.map.addControl(new ScaleControl({ maxWidth: 110 }), 'bottom-right')
    this.listen()
  }

  get view(): MapView {
    const { lng, lat } = this.map.getCenter().wrap()
    return { zoom: this.map.getZoom(), lng, lat }
  }

  mark(marks: Marks): void {
    this.marks = marks
    if (!this.map.getLayer(FILL)) return
    for (const [layer, filter] of Object.entries(makeFilters(marks))) this.map.setFilter(layer, filter)
    this.highlight(null)
  }

  setRelease(release: Release): void {
    this.release = release
    this.hovered = null
    this.restyle()
  }

  setDark(dark: boolean): void {
    this.dark = dark
    this.restyle()
  }

  /** Requests the tiles that failed again. */
  reloadTiles(): void {
    // Each is named: without names MapLibre 6.17 only waits for failed tiles, as if they were on their way.
    const failed = [...this.failedTiles.values()]
    this.failedTiles.clear()
    if (this.map.getSource(ZONES)) this.map.refreshTiles(ZONES, failed)
  }

  /** Draws the labels again, after names have changed. */
  relabel(): void {
    if (this.map.getSource(LABELS)) this.placeNames(this.listPieces())
  }

  jumpTo(view: MapView): void {
    this.map.jumpTo({ center: [view.lng, view.lat], zoom: view.zoom }, { jumped: true })
  }

  fitBounds(bounds: Bounds, padding: PaddingOptions): void {
    this.map.fitBounds(bounds, { padding, maxZoom: 15, duration: FLIGHT_DURATION })
  }

  /** Whether the box is in view, and neither tiny in it nor much larger. */
  isFramed(bounds: Bounds): boolean {
    const seen = this.map.getBounds()
    const width = seen.getEast() - seen.getWest()
    const [west, south, east, north] = shiftTowardsLongitude(bounds, seen.getCenter().lng)
    const overlaps =
      west < seen.getEast() && east > seen.getWest() && south < seen.getNorth() && north > seen.getSouth()
    const share = (east - west) / width
    return overlaps && share > 0.04 && share < 1.6
  }

  /** Draws the zone under the pointer, or of a list's row, in another colour; null: none. */
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
    this.map.remove()
    removeProtocol(TILE_PROTOCOL)
  }

  private restyle(): void {
    this.lastLabels = ''
    this.failedTiles.clear()
    this.map.setStyle(makeStyle(this.release, this.dark, this.marks), { diff: false })
  }

  private listen(): void {
    const { map, events } = this
    map.on('style.load', () => this.drawGrid())
    map.on('moveend', (event) => {
      this.drawGrid()
      // A jump goes to the view that the address names, so the address is right already.
      if (!('jumped' in event)) events.moved(this.view)
    })
    map.on('zoom', () => events.zoomed(map.getZoom()))
    map.on('mousemove', (event) => this.handlePointer(event))
    map.on('mouseout', () => {
      this.highlight(null)
      events.pointed([], [], null)
    })
    map.on('click', (event) => events.clicked(this.zonesAt(event.point), event.lngLat.wrap()))
    // The keyboard moves the map under its middle, and Enter is a click there.
    map.getCanvas().addEventListener('keydown', ({ key }) => {
      if (key !== 'Enter') return
      const centre = map.getCenter()
      events.clicked(this.zonesAt(map.project(centre)), centre.wrap())
    })
    map.on('idle', () => this.handleIdle())
    map.on('error', (event: ErrorEvent & { tile?: Tile }) => {
      if (event.tile === undefined) console.warn('The map has a problem:', event.error)
      else this.recordFailedTile(event.tile)
    })
  }

  /** Remembers a tile to request it again; what is out of view by then is forgotten by the map, too. */
  private recordFailedTile({ tileID }: Tile): void {
    this.failedTiles.set(tileID.key, tileID.canonical)
    if (this.failedTiles.size <= MOST_FAILED_TILES) return
    const [oldest] = this.failedTiles.keys()
    this.failedTiles.delete(oldest!)
  }

  private drawGrid(): void {
    void this.map.getSource<GeoJSONSource>(GRID)?.setData(makeGrid(this.map.getZoom(), this.map.getBounds()))
  }

  private handlePointer(event: MapMouseEvent): void {
    const now = performance.now()
    if (now - this.lastPointed < HOVER_INTERVAL) return
    this.lastPointed = now
    const zones = this.zonesAt(event.point)
    this.highlight(zones[0]?.id ?? null)
    const shown = new Set(zones.map(({ id }) => id))
    const around = this.allZonesAt(event.point).filter(({ id }) => !shown.has(id))
    const isLand = zones.length + around.length > 0
    this.map.getCanvas().style.cursor = isLand ? 'pointer' : ''
    this.events.pointed(zones, around, isLand ? event.point : null)
  }

  /** The zones of all levels at a point, from the largest to the smallest. */
  private allZonesAt(point: PointLike): NamedZone[] {
    if (!this.map.getLayer(HOVER)) return []
    return sortByLevel(dropDuplicates(listZones(this.map.queryRenderedFeatures(point, { layers: [HOVER] }))))
  }

  /** The zones that a click can mean: those of the marked type; with a zone selected its children, or a neighbour of its type. */
  private zonesAt(point: PointLike): NamedZone[] {
    const { marks } = this
    if (!this.map.getLayer(HOVER)) return []
    if ('type' in marks) return dropDuplicates(listZones(this.map.queryRenderedFeatures(point, { layers: [FILL] })))
    const here = listZones(this.map.queryRenderedFeatures(point, { layers: [HOVER] }))
    const children = here.filter(({ id }) => marks.children.includes(id))
    if (children.length > 0) return dropDuplicates(children)
    const inside = here.find(({ id }) => id === marks.zone)
    if (inside) return [inside]
    return dropDuplicates(here.filter(({ type }) => type === marks.zoneType))
  }

  private listPieces(): MapGeoJSONFeature[] {
    return this.map.getLayer(FILL) ? this.map.queryRenderedFeatures({ layers: [FILL] }) : []
  }

  private handleIdle(): void {
    const pieces = this.listPieces()
    this.placeNames(pieces)
    this.events.settled(listZones(pieces), this.listTypes(), 'type' in this.marks ? this.marks.type : null)
  }

  private listTypes(): string[] {
    if (!this.map.getLayer(HOVER)) return []
    const types = this.map
      .queryRenderedFeatures({ layers: [HOVER] })
      .map(({ properties }) => properties.zone_type as string)
    return [...new Set(types)]
  }

  private placeNames(pieces: MapGeoJSONFeature[]): void {
    const named =
      'zone' in this.marks && this.marks.children.length > 0 ? this.listPiecesOf(this.marks.children) : pieces
    const pixelsPerDegree = (512 * 2 ** this.map.getZoom()) / 360
    const labels = placeLabels(named.length > 0 ? named : pieces, pixelsPerDegree, (id) => this.events.findName(id))
    void this.drawLabels(labels)
    this.events.labelled(labels, 'type' in this.marks ? this.marks.type : '')
  }

  /** Draws labels once the parts of the font that they need are loaded. */
  private async drawLabels(labels: readonly Label[]): Promise<void> {
    const features = makeLabelFeatures(labels)
    const key = JSON.stringify(features)
    if (key === this.lastLabels) return
    this.lastLabels = key
    const text = labels.map(({ name }) => name).join('')
    await document.fonts.load(`16px "${LABEL_FONT}"`, text).catch(() => [])
    if (this.lastLabels === key) void this.map.getSource<GeoJSONSource>(LABELS)?.setData(features)
  }

  private listPiecesOf(children: readonly number[]): MapGeoJSONFeature[] {
    const wanted = new Set(children)
    return this.map.queryRenderedFeatures({ layers: [HOVER] }).filter(({ id }) => wanted.has(Number(id)))
  }
}

/** Whether a box is so wide that no space can be left for panels. */
const isWide = ([west, , east]: Bounds) => east - west > 180
