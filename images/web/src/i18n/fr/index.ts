// SPDX-License-Identifier: Apache-2.0
export { default as about } from './about.json'
export { default as common } from './common.json'
export { default as dashboard } from './dashboard.json'
export { default as explorer } from './explorer.json'
export { default as operations } from './operations.json'
export { default as problems } from './problems.json'
