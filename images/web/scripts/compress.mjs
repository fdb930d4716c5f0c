// SPDX-License-Identifier: Apache-2.0
// Writes a .gz and a .br beside every text file of a folder, which nginx sends instead to browsers that accept them.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const TEXT = /\.(html|js|mjs|css|svg|json|txt|webmanifest)$/
const SMALLEST = 256

const [folder] = process.argv.slice(2)
if (!folder) throw new Error('usage: compress.mjs FOLDER')

for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXT.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const content = await readFile(path)
  if (content.length < SMALLEST) continue
  await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }))
  await writeFile(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }))
}
