// SPDX-License-Identifier: Apache-2.0
/** Mounts components, provides an explorer, and answers requests. */
import { afterEach, vi } from 'vitest'
import { createApp, effectScope, type Component } from 'vue'
import { createExplorer, EXPLORER, type Explorer } from '../../src/explorer'
import { i18n, setLanguage } from '../../src/i18n'

let cleanups: (() => void)[] = []

afterEach(() => {
  for (const clean of cleanups) clean()
  cleanups = []
  vi.unstubAllGlobals()
  location.hash = ''
  localStorage.clear()
  setLanguage('en')
})

export function mount(component: Component, props: Record<string, unknown> = {}, explorer?: Explorer): HTMLElement {
  const host = document.body.appendChild(document.createElement('div'))
  const app = createApp(component, props).use(i18n)
  if (explorer) app.provide(EXPLORER, explorer)
  app.mount(host)
  cleanups.push(() => {
    app.unmount()
    host.remove()
  })
  return host
}

/** An explorer that stops listening when the test ends. */
export function makeExplorer(): Explorer {
  const scope = effectScope()
  cleanups.push(() => scope.stop())
  return scope.run(createExplorer)!
}

/** Answers requests for these paths with JSON, and all others with 404; returns the paths that were requested. */
export function serve(answers: Record<string, unknown>): string[] {
  const requested: string[] = []
  vi.stubGlobal('fetch', (path: string) => {
    requested.push(path)
    return Promise.resolve(
      path in answers ? Response.json(answers[path]) : Response.json({ message: 'Not found' }, { status: 404 }),
    )
  })
  return requested
}

export function button(host: HTMLElement, name: string): HTMLButtonElement {
  const found = [...host.querySelectorAll('button')].find(
    (each) => (each.getAttribute('aria-label') ?? each.textContent.replace(/\s+/g, ' ').trim()) === name,
  )
  if (!found) throw new Error(`no button ${name}`)
  return found
}
