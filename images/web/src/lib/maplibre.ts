// SPDX-License-Identifier: Apache-2.0
/** Sets up the map library: its styles and its worker. */
import { setWorkerUrl } from 'maplibre-gl'
import 'maplibre-gl/dist/maplibre-gl.css'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import '../styles/map.css'

setWorkerUrl(workerUrl)
