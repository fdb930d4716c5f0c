// SPDX-License-Identifier: Apache-2.0
// For ESLint, which cannot read the types in .vue files and takes each component as a plain Component; vue-tsc reads them.
declare module '*.vue' {
  import type { Component } from 'vue'

  const component: Component
  export default component
}
