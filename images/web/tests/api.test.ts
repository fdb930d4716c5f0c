// SPDX-License-Identifier: Apache-2.0
// @vitest-environment node
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { getJson } from '../src/lib/api'

let server: Server

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

describe('getJson', () => {
  it('times out when the server never answers', async () => {
    const url = await serve(() => undefined)
    await expect(getJson(url, undefined, 50)).rejects.toThrow('The server does not answer.')
  })

  it('times out when the answer never ends', async () => {
    const url = await serve((_request, response) => response.write('['))
    await expect(getJson(url, new AbortController().signal, 200)).rejects.toThrow('The server does not answer.')
  })

  it('passes an abort on', async () => {
    const url = await serve(() => undefined)
    const request = new AbortController()
    const answer = getJson(url, request.signal)
    request.abort()
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('reports broken connections and answers that are not JSON', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/text') response.end('no json')
      else response.destroy()
    })
    await expect(getJson(`${url}text`)).rejects.toMatchObject({ status: 200, message: 'The answer is not JSON.' })
    await expect(getJson(url)).rejects.toMatchObject({ status: 0, message: 'The server cannot be reached.' })
  })
})
