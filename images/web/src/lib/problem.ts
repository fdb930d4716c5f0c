// SPDX-License-Identifier: Apache-2.0
/** What a visitor reads when a request failed. */
import { RequestError } from './api'

/** Why a page cannot show its data. */
export interface Problem {
  title: string
  detail: string
  /** Seconds until the page tries again. */
  retrySeconds: number
}

const DEFAULT_RETRY_SECONDS = 10

export function describeReleaseProblem(error: unknown): Problem {
  if (!(error instanceof RequestError)) {
    return { title: 'The map data cannot be read', detail: toMessage(error), retrySeconds: DEFAULT_RETRY_SECONDS }
  }
  const retrySeconds = error.retrySeconds ?? DEFAULT_RETRY_SECONDS
  if (error.status === 404 || /no release/i.test(error.message)) {
    return {
      title: 'No data has been published yet',
      detail: 'The first release appears here as soon as a data update has finished.',
      retrySeconds: error.retrySeconds ?? 30,
    }
  }
  if (error.status === 0) {
    return {
      title: 'The server cannot be reached',
      detail: 'Check the connection; the page keeps trying.',
      retrySeconds,
    }
  }
  const sentence = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`
  return { title: 'The service is not ready', detail: `${sentence} The page keeps trying.`, retrySeconds }
}

export function describeStatisticsProblem(error: unknown): Problem {
  const missing = isNotFound(error)
  return {
    title: missing ? 'No statistics yet' : 'The statistics cannot be loaded',
    detail: missing ? 'They appear here with the first published release.' : toMessage(error),
    retrySeconds: (error instanceof RequestError ? error.retrySeconds : null) ?? 15,
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof RequestError && error.status === 404

export const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error))
