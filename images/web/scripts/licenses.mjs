// SPDX-License-Identifier: Apache-2.0
// Writes the licences of all packages in the built site into one text file.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const [target] = process.argv.slice(2)
if (!target) throw new Error('usage: licenses.mjs FILE')

const root = JSON.parse(await readFile('package.json', 'utf8'))
const seen = new Map()

async function collect(names) {
  for (const name of names) {
    if (seen.has(name) || name.startsWith('@types/')) continue
    const folder = join('node_modules', name)
    const { version, license, dependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e(\.(txt|md))?$/i.test(entry))
    seen.set(name, { version, license, text: file ? await readFile(join(folder, file), 'utf8') : '' })
    await collect(Object.keys(dependencies ?? {}))
  }
}

await collect(Object.keys(root.dependencies))
const parts = [...seen]
  .sort(([a], [b]) => a.localeCompare(b))
  .map(([name, { version, license, text }]) => `${name} ${version} (${license ?? 'see below'})\n\n${text.trim()}\n`)
await writeFile(target, parts.join(`\n${'-'.repeat(80)}\n\n`))
