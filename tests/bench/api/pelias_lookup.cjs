// SPDX-License-Identifier: Apache-2.0
// Asks Pelias' admin lookup for the zones of points, many at a time, as its importers do.
// Reads one JSON list of [longitude, latitude] a line; writes one JSON list of ids a line, each of the smallest zone or null.
// The folder of Who's On First data is named by pelias.json (variable PELIAS_CONFIG).
'use strict'

const readline = require('node:readline')
const { resolver } = require('pelias-wof-admin-lookup')

const CONCURRENT = 64
const FROM_SMALLEST = ['neighbourhood', 'borough', 'locality', 'county', 'macrocounty', 'region', 'macroregion', 'country']

const lookup = resolver(FROM_SMALLEST)

function findSmallest([lon, lat]) {
  return new Promise((resolve, reject) => {
    lookup.lookup({ lat, lon }, undefined, (error, found) => {
      if (error) return reject(error)
      const type = FROM_SMALLEST.find((name) => found[name])
      resolve(type ? found[type][0].id : null)
    })
  })
}

async function findAll(points) {
  const ids = new Array(points.length)
  let next = 0
  const work = async () => {
    while (next < points.length) {
      const index = next++
      ids[index] = await findSmallest(points[index])
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT }, work))
  return ids
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await findAll(JSON.parse(line))) + '\n')
  }
  lookup.end()
}

main()
