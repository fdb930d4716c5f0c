// SPDX-License-Identifier: Apache-2.0
/** Style of the map: zones only, without a base map, sprites or a glyph server. */
import type { ExpressionSpecification, FilterSpecification, StyleSpecification } from 'maplibre-gl'
import { formatAttribution } from './attribution'
import type { Release } from './release'
import { toTileAddress } from './tiles'
import { ZONE_TYPES } from './zoneTypes'

/** Sources of the style: vector tiles with the layer SOURCE_LAYER, and GeoJSON for labels and grid. */
export const ZONES = 'zones'
export const LABELS = 'labels'
export const GRID = 'grid'
export const SOURCE_LAYER = 'vector-zones'
/** Layer that fills the zones of the marked type, or the selected zone. */
export const FILL = 'all'
/** Layer with all zones, invisible unless hovered, that finds the zones under the pointer while a zone is selected. */
export const HOVER = 'hover'

export const LABEL_FONT = 'Inter Variable'

/** Colours of the map, each for light and for dark mode. */
const COLORS = {
  sea: ['#e6eff6', '#0c1826'],
  grid: ['#d8e4ee', '#15263a'],
  shore: ['#b9d7ec', '#1d4263'],
  land: ['#fdfcf8', '#15263a'],
  border: ['#7d99b3', '#5d7b99'],
  fill: ['#5fc7ff', '#3aa3e0'],
  outline: ['#206dab', '#6cc4ff'],
  chosen: ['#0b4777', '#c9ebff'],
  alert: ['#e5383b', '#ff6b6b'],
  text: ['#12304c', '#eaf5ff'],
  halo: ['rgba(255,255,255,0.85)', 'rgba(8,18,30,0.85)'],
} as const

type Colors = Record<keyof typeof COLORS, string>

export const chooseColors = (dark: boolean): Colors =>
  Object.fromEntries(Object.entries(COLORS).map(([name, pair]) => [name, pair[dark ? 1 : 0]])) as Colors

/** The colour of a zone: that of its type. */
const makeTypeColor = (dark: boolean): ExpressionSpecification =>
  [
    'match',
    ['get', 'zone_type'],
    ...ZONE_TYPES.flatMap(({ type, colors }) => [type, colors[dark ? 1 : 0]]),
    chooseColors(dark).fill,
  ] as unknown as ExpressionSpecification

const hovered: ExpressionSpecification = ['boolean', ['feature-state', 'hover'], false]
const NONE: FilterSpecification = ['==', ['id'], -1]

export const typeFilter = (type: string): FilterSpecification => ['==', ['get', 'zone_type'], type]
export const idFilter = (ids: readonly number[]): FilterSpecification =>
  ids.length === 0 ? NONE : ['in', ['id'], ['literal', [...ids]]]

/** What the map marks: the zones of a type, or a selected zone (of a type) with its children. */
export type Marks = { type: string } | { zone: number; zoneType: string; children: readonly number[] }

/** Makes the filters of the layers that show the marks, by layer. */
export function makeFilters(marks: Marks): Record<'all' | 'outline' | 'children' | 'chosen', FilterSpecification> {
  if ('type' in marks) {
    return { [FILL]: typeFilter(marks.type), outline: typeFilter(marks.type), children: NONE, chosen: NONE }
  }
  return {
    [FILL]: idFilter([marks.zone]),
    outline: NONE,
    children: idFilter(marks.children),
    chosen: idFilter([marks.zone]),
  }
}

export function makeStyle(release: Release, dark: boolean, marks: Marks): StyleSpecification {
  const colors = chooseColors(dark)
  const filters = makeFilters(marks)
  const fill = { type: 'fill', source: ZONES, 'source-layer': SOURCE_LAYER } as const
  const line = { ...fill, type: 'line', layout: { 'line-join': 'round' } } as const
  return {
    version: 8,
    sources: {
      [ZONES]: {
        type: 'vector',
        tiles: release.tiles.map(toTileAddress),
        minzoom: release.minzoom,
        maxzoom: release.maxzoom,
        attribution: formatAttribution(release.attribution),
        ...(release.bounds ? { bounds: release.bounds } : {}),
      },
      [GRID]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
      [LABELS]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': colors.sea } },
      { id: 'grid', type: 'line', source: GRID, paint: { 'line-color': colors.grid, 'line-width': 1 } },
      {
        id: 'shore',
        ...line,
        filter: typeFilter('country'),
        paint: {
          'line-color': colors.shore,
          'line-width': ['interpolate', ['linear'], ['zoom'], 2, 7, 10, 26],
          'line-blur': ['interpolate', ['linear'], ['zoom'], 2, 6, 10, 22],
        },
      },
      {
        id: 'land',
        ...fill,
        filter: typeFilter('country'),
        paint: { 'fill-color': colors.land, 'fill-antialias': false },
      },
      {
        id: FILL,
        ...fill,
        filter: filters[FILL],
        paint: { 'fill-color': makeTypeColor(dark), 'fill-opacity': 0.44, 'fill-outline-color': colors.outline },
      },
      {
        id: 'borders',
        ...line,
        paint: {
          'line-color': colors.border,
          'line-width': ['match', ['get', 'zone_type'], 'country', 1.1, ['state', 'country_region'], 0.8, 0.5],
          'line-opacity': ['interpolate', ['linear'], ['zoom'], 2, 0.3, 9, 0.5],
        },
      },
      {
        id: 'outline',
        ...line,
        filter: filters.outline,
        paint: { 'line-color': colors.outline, 'line-width': ['interpolate', ['linear'], ['zoom'], 2, 0.8, 10, 1.7] },
      },
      {
        id: 'children',
        ...line,
        filter: filters.children,
        paint: { 'line-color': colors.outline, 'line-width': 1, 'line-dasharray': [3, 2] },
      },
      {
        id: 'chosen',
        ...line,
        filter: filters.chosen,
        paint: { 'line-color': colors.chosen, 'line-width': 3 },
      },
      {
        id: HOVER,
        ...fill,
        paint: { 'fill-color': colors.fill, 'fill-opacity': ['case', hovered, 0.4, 0] },
      },
      {
        id: 'hover-outline',
        ...line,
        paint: { 'line-color': colors.alert, 'line-width': 2.2, 'line-opacity': ['case', hovered, 1, 0] },
      },
      {
        id: 'names',
        type: 'symbol',
        source: LABELS,
        layout: {
          'text-field': ['get', 'name'],
          'text-font': [LABEL_FONT],
          'text-size': ['interpolate', ['linear'], ['zoom'], 3, 11, 10, 14],
          'text-max-width': 7,
          'text-padding': 3,
          'symbol-sort-key': ['get', 'rank'],
        },
        paint: { 'text-color': colors.text, 'text-halo-color': colors.halo, 'text-halo-width': 1.6 },
      },
    ],
  }
}
