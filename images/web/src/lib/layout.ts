// SPDX-License-Identifier: Apache-2.0
/** Which part of the map panels and buttons leave free. */
import type { PaddingOptions } from 'maplibre-gl'

/** Small screens show the panel over the lower part of the map. */
export const isNarrowScreen = () => window.innerWidth < 760

/** Pixels at each side that panels and buttons cover. */
export function getMapPadding(panelOpen: boolean): Required<PaddingOptions> {
  if (isNarrowScreen()) return { top: 90, right: 24, bottom: panelOpen ? window.innerHeight * 0.45 : 60, left: 24 }
  return { top: 60, right: 200, bottom: 50, left: panelOpen ? 380 : 60 }
}
