// SPDX-License-Identifier: Apache-2.0
/// <reference types="vite/client" />
import type { ExplorerHandle } from './explorer'

declare global {
  interface Window {
    /** The map and the state of the page, for tests and for the curious. */
    cosmogony?: ExplorerHandle
  }
}
