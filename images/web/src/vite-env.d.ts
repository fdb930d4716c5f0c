// SPDX-License-Identifier: Apache-2.0
/// <reference types="vite/client" />
import type { ExplorerHandle } from './explorer'

declare global {
  interface Window {
    /** For tests and for the curious: the map, the release and what is shown. */
    cosmogony?: ExplorerHandle
  }
}
