// SPDX-License-Identifier: Apache-2.0
/** Which part of the map stays free. */
import type { PaddingOptions } from 'maplibre-gl'

/** Small screens show the panel over the lower part of the map. */
export const isNarrow = () => window.innerWidth < 760

/** Pixels at each side that panels and buttons cover. */
export function getPadding(panelOpen: boolean): PaddingOptions {
  if (isNarrow()) return { top: 90, right: 24, bottom: panelOpen ? window.innerHeight * 0.45 : 60, left: 24 }
  return { top: 60, right: 200, bottom: 50, left: panelOpen ? 380 : 60 }
}
