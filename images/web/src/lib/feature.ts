// SPDX-License-Identifier: Apache-2.0
/** A zone as GeoJSON (RFC 7946). */
import type { Feature, Geometry } from 'geojson'
import type { ZoneDetails } from './api'

/** Makes a feature; its properties are those of the API's export. */
export function makeFeature({ geometry, bbox, ...properties }: ZoneDetails): Feature<Geometry | null> {
  return {
    type: 'Feature',
    id: properties.id,
    ...(bbox ? { bbox: bbox as [number, number, number, number] } : {}),
    geometry: (geometry ?? null) as Geometry | null,
    properties,
  }
}
