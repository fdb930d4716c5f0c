// SPDX-License-Identifier: Apache-2.0
/** Style of the map of the dashboard: countries in grey, marked zones and places in the colours of their groups. */
import type { FeatureCollection } from 'geojson'
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl'
import { formatAttribution } from './attribution'
import type { Mark, MarkGroup } from './marks'
import type { Release } from './release'
import { chooseColors, idFilter, SOURCE_LAYER, typeFilter, ZONES } from './style'

const PLACES = 'places'
/** Layers of the marked zones and places. */
export const MARKED = 'marked'
export const POINTS = 'points'

export interface Marked {
  marks: readonly Mark[]
  groups: readonly MarkGroup[]
}

/** The colour by the value of an expression; see-through for other values. */
function matchColor(value: ExpressionSpecification, cases: readonly (readonly [unknown, string])[]) {
  if (cases.length === 0) return 'rgba(0,0,0,0)'
  return ['match', value, ...cases.flat(), 'rgba(0,0,0,0)'] as unknown as ExpressionSpecification
}

/** The colour by zone; those of a group share a branch of the match, which finds one among thousands quickly. */
const matchZones = ({ marks, groups }: Marked, dark: boolean) =>
  matchColor(
    ['id'],
    groups
      .map(({ key, colors }) => {
        const zones = marks.flatMap(({ group, zone }) => (group === key && zone !== null ? [zone] : []))
        return [zones, colors[dark ? 1 : 0]] as const
      })
      .filter(([zones]) => zones.length > 0),
  )

function makePlaces({ marks }: Pick<Marked, 'marks'>): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: marks.flatMap(({ key, group, at, until }) =>
      at === null
        ? []
        : [{ type: 'Feature', geometry: { type: 'Point', coordinates: [...at] }, properties: { key, group, until } }],
    ),
  }
}

export function makeDataStyle(release: Release, dark: boolean, marked: Marked): StyleSpecification {
  const colors = chooseColors(dark)
  const zones = { source: ZONES, 'source-layer': SOURCE_LAYER } as const
  const filter = idFilter(marked.marks.flatMap(({ zone }) => (zone === null ? [] : [zone])))
  return {
    version: 8,
    sources: {
      [ZONES]: {
        type: 'vector',
        tiles: release.tiles,
        minzoom: release.minzoom,
        maxzoom: release.maxzoom,
        attribution: formatAttribution(release.attribution),
        ...(release.bounds ? { bounds: release.bounds } : {}),
      },
      [PLACES]: { type: 'geojson', data: makePlaces(marked) },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': colors.sea } },
      { id: 'land', type: 'fill', ...zones, filter: typeFilter('country'), paint: { 'fill-color': colors.land } },
      {
        id: MARKED,
        type: 'fill',
        ...zones,
        filter,
        paint: { 'fill-color': matchZones(marked, dark), 'fill-opacity': 0.75 },
      },
      {
        id: 'borders',
        type: 'line',
        ...zones,
        paint: {
          'line-color': colors.border,
          'line-width': ['match', ['get', 'zone_type'], 'country', 0.9, 0.4],
          'line-opacity': ['match', ['get', 'zone_type'], 'country', 0.8, 0.35],
        },
      },
      {
        id: 'pointed',
        type: 'line',
        ...zones,
        filter,
        paint: {
          'line-color': colors.chosen,
          'line-width': 2.5,
          'line-opacity': ['case', ['boolean', ['feature-state', 'hover'], false], 1, 0],
        },
      },
      {
        id: POINTS,
        type: 'circle',
        source: PLACES,
        filter: ['any', ['!', ['has', 'until']], ['<', ['zoom'], ['get', 'until']]],
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 1, 3.5, 8, 6],
          'circle-color': matchColor(
            ['get', 'group'],
            marked.groups.map(({ key, colors: pair }) => [key, pair[dark ? 1 : 0]] as const),
          ),
          'circle-stroke-color': colors.land,
          'circle-stroke-width': 1.2,
        },
      },
    ],
  }
}
