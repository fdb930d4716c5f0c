// SPDX-License-Identifier: Apache-2.0
/** What a visitor reads when a request failed. */
import { t } from '../i18n'
import { RequestError } from './api'

/** Why a page cannot show its data. */
export interface Problem {
  title: string
  detail: string
  /** Seconds until the page tries again. */
  retrySeconds: number
}

const DEFAULT_RETRY_SECONDS = 10
/** Where another try hardly helps. */
const LONG_RETRY_SECONDS = 60

export function describeReleaseProblem(error: unknown): Problem {
  if (!(error instanceof RequestError)) {
    return { title: t('problems.unreadable'), detail: toMessage(error), retrySeconds: DEFAULT_RETRY_SECONDS }
  }
  const retrySeconds = error.retrySeconds ?? DEFAULT_RETRY_SECONDS
  if (error.status === 404 || /no release/i.test(error.message)) {
    return {
      title: t('problems.noRelease.title'),
      detail: t('problems.noRelease.detail'),
      retrySeconds: error.retrySeconds ?? 30,
    }
  }
  if (error.status === 0) {
    return {
      title: t('problems.unreachable.title'),
      detail: t('problems.unreachable.detail'),
      retrySeconds,
    }
  }
  const sentence = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`
  return { title: t('problems.notReady'), detail: t('problems.keepsTrying', { problem: sentence }), retrySeconds }
}

export function describeStatisticsProblem(error: unknown): Problem {
  const missing = isNotFound(error)
  return {
    title: t(missing ? 'problems.noStatistics.title' : 'problems.statistics'),
    detail: missing ? t('problems.noStatistics.detail') : toMessage(error),
    retrySeconds: (error instanceof RequestError ? error.retrySeconds : null) ?? 15,
  }
}

/** A problem of a part of a page; `title` says what cannot be shown. */
export function describeProblem(error: unknown, title: string): Problem {
  return { title, detail: toMessage(error), retrySeconds: chooseRetryDelay(error) ?? LONG_RETRY_SECONDS }
}

export const isNotFound = (error: unknown): boolean => error instanceof RequestError && error.status === 404

export const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Seconds after which to repeat a request that failed; null where a repetition cannot help. */
export function chooseRetryDelay(error: unknown): number | null {
  if (!(error instanceof RequestError)) return null
  const passes = error.status === 0 || error.status === 429 || error.status >= 500
  return passes ? (error.retrySeconds ?? DEFAULT_RETRY_SECONDS) : null
}
