// SPDX-License-Identifier: Apache-2.0
// For ESLint, which does not read components; vue-tsc takes each component's own types.
declare module '*.vue' {
  import type { Component } from 'vue'

  const component: Component
  export default component
}
