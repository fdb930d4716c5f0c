// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import TopBar from '../src/components/TopBar.vue'
import { parseHash } from '../src/lib/hash'
import { makeExplorer, mount } from './support/mount'

describe('TopBar', () => {
  it.each([
    ['#/', 'Explorer'],
    ['#/about', 'About'],
    ['#/data_dashboard', 'Data dashboard'],
    ['#/operations', 'Data dashboard'],
  ])('marks the page of %s', (hash, name) => {
    const explorer = makeExplorer()
    explorer.state.route = parseHash(hash)
    const host = mount(TopBar, {}, explorer)
    const marked = [...host.querySelectorAll('nav [aria-current=page]')].map(({ textContent }) => textContent.trim())
    expect(marked).toEqual([name])
  })
})
