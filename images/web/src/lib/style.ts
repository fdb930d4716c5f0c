// SPDX-License-Identifier: Apache-2.0
/** The whole map style: no base map, no sprites, no glyph server; the zones draw the world. */
import type { ExpressionSpecification, FilterSpecification, StyleSpecification } from 'maplibre-gl'
import { attributionHtml } from './attribution'
import type { Release } from './release'

export const ZONES = 'zones'
export const LABELS = 'labels'
export const GRID = 'grid'
export const SOURCE_LAYER = 'vector-zones'
/** Fill of the chosen type or zone. */
export const ALL = 'all'
/** Every zone, invisible unless hovered; also what a click outside of `all` asks. */
export const HOVER = 'hover'

export const LABEL_FONT = 'Inter Variable'

export interface Palette {
  sea: string
  grid: string
  shore: string
  land: string
  border: string
  fill: string
  outline: string
  chosen: string
  alert: string
  text: string
  halo: string
}

export const LIGHT: Palette = {
  sea: '#e6eff6',
  grid: '#d8e4ee',
  shore: '#b9d7ec',
  land: '#fdfcf8',
  border: '#7d99b3',
  fill: '#5fc7ff',
  outline: '#206dab',
  chosen: '#0b4777',
  alert: '#e5383b',
  text: '#12304c',
  halo: 'rgba(255,255,255,0.85)',
}

export const DARK: Palette = {
  sea: '#0c1826',
  grid: '#15263a',
  shore: '#1d4263',
  land: '#15263a',
  border: '#5d7b99',
  fill: '#3aa3e0',
  outline: '#6cc4ff',
  chosen: '#c9ebff',
  alert: '#ff6b6b',
  text: '#eaf5ff',
  halo: 'rgba(8,18,30,0.85)',
}

const hovered: ExpressionSpecification = ['boolean', ['feature-state', 'hover'], false]
const NONE: FilterSpecification = ['==', ['id'], -1]

const typeFilter = (type: string): FilterSpecification => ['==', ['get', 'zone_type'], type]
const idFilter = (ids: readonly number[]): FilterSpecification =>
  ids.length === 0 ? NONE : ['in', ['id'], ['literal', [...ids]]]

export function zonesSource(release: Release) {
  return {
    type: 'vector' as const,
    tiles: release.tiles,
    minzoom: release.minzoom,
    maxzoom: release.maxzoom,
    attribution: attributionHtml(release.attribution),
    ...(release.bounds ? { bounds: release.bounds } : {}),
  }
}

/** What the map shows: the zones of a type, or one chosen zone (of a type) with its children. */
export type Shown = { type: string } | { zone: number; of: string; children: readonly number[] }

export function filtersFor(shown: Shown): Record<typeof ALL | 'outline' | 'children' | 'chosen', FilterSpecification> {
  if ('type' in shown) {
    return { [ALL]: typeFilter(shown.type), outline: typeFilter(shown.type), children: NONE, chosen: NONE }
  }
  return {
    [ALL]: idFilter([shown.zone]),
    outline: NONE,
    children: idFilter(shown.children),
    chosen: idFilter([shown.zone]),
  }
}

export function mapStyle(release: Release, look: Palette, shown: Shown): StyleSpecification {
  const filters = filtersFor(shown)
  const zones = { source: ZONES, 'source-layer': SOURCE_LAYER } as const
  return {
    version: 8,
    sources: {
      [ZONES]: zonesSource(release),
      [GRID]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
      [LABELS]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': look.sea } },
      { id: 'grid', type: 'line', source: GRID, paint: { 'line-color': look.grid, 'line-width': 1 } },
      {
        id: 'shore',
        type: 'line',
        ...zones,
        filter: typeFilter('country'),
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': look.shore,
          'line-width': ['interpolate', ['linear'], ['zoom'], 2, 7, 10, 26],
          'line-blur': ['interpolate', ['linear'], ['zoom'], 2, 6, 10, 22],
        },
      },
      {
        id: 'land',
        type: 'fill',
        ...zones,
        filter: typeFilter('country'),
        paint: { 'fill-color': look.land, 'fill-antialias': false },
      },
      {
        id: ALL,
        type: 'fill',
        ...zones,
        filter: filters[ALL],
        paint: { 'fill-color': look.fill, 'fill-opacity': 0.44, 'fill-outline-color': look.outline },
      },
      {
        id: 'borders',
        type: 'line',
        ...zones,
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': look.border,
          'line-width': ['match', ['get', 'zone_type'], 'country', 1.1, ['state', 'country_region'], 0.8, 0.5],
          'line-opacity': ['interpolate', ['linear'], ['zoom'], 2, 0.3, 9, 0.5],
        },
      },
      {
        id: 'outline',
        type: 'line',
        ...zones,
        filter: filters.outline,
        layout: { 'line-join': 'round' },
        paint: { 'line-color': look.outline, 'line-width': ['interpolate', ['linear'], ['zoom'], 2, 0.8, 10, 1.7] },
      },
      {
        id: 'children',
        type: 'line',
        ...zones,
        filter: filters.children,
        layout: { 'line-join': 'round' },
        paint: { 'line-color': look.outline, 'line-width': 1, 'line-dasharray': [3, 2] },
      },
      {
        id: 'chosen',
        type: 'line',
        ...zones,
        filter: filters.chosen,
        layout: { 'line-join': 'round' },
        paint: { 'line-color': look.chosen, 'line-width': 3 },
      },
      {
        id: HOVER,
        type: 'fill',
        ...zones,
        paint: { 'fill-color': look.fill, 'fill-opacity': ['case', hovered, 0.4, 0] },
      },
      {
        id: 'hover-outline',
        type: 'line',
        ...zones,
        layout: { 'line-join': 'round' },
        paint: { 'line-color': look.alert, 'line-width': 2.2, 'line-opacity': ['case', hovered, 1, 0] },
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
        paint: { 'text-color': look.text, 'text-halo-color': look.halo, 'text-halo-width': 1.6 },
      },
    ],
  }
}
