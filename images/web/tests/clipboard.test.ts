// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it, vi } from 'vitest'
import { copyText } from '../src/lib/clipboard'

afterEach(() => vi.unstubAllGlobals())

describe('copyText', () => {
  it('takes the clipboard of the browser where there is TLS', async () => {
    const writeText = vi.fn(() => Promise.resolve())
    vi.stubGlobal('isSecureContext', true)
    vi.stubGlobal('navigator', { clipboard: { writeText } })
    await copyText('https://maps.example.org/#/zone/relation:48')
    expect(writeText).toHaveBeenCalledWith('https://maps.example.org/#/zone/relation:48')
  })

  it.each([true, false])('selects the text and copies it where there is none; done: %s', async (done) => {
    let selected: string | undefined
    vi.stubGlobal('isSecureContext', false)
    const execCommand = () => {
      selected = document.querySelector('textarea')?.value
      return done
    }
    Object.assign(document, { execCommand })
    const copying = copyText('http://maps.example.org/#/zone/relation:48')
    await (done ? expect(copying).resolves.toBeUndefined() : expect(copying).rejects.toThrow('does not copy'))
    expect(selected).toBe('http://maps.example.org/#/zone/relation:48')
    expect(document.querySelector('textarea')).toBeNull()
  })
})
