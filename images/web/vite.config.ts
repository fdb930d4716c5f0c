// SPDX-License-Identifier: Apache-2.0
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// `npm run dev` serves the site from its source, `npx vite preview` as built; both pass requests for data on to a running stack.
const backend = process.env.SITE_URL ?? 'http://127.0.0.1:8080'

const proxy = Object.fromEntries(['/api', '/tiles', '/data'].map((path) => [path, { target: backend }]))

export default defineConfig({
  plugins: [vue()],
  // Addresses in the built page are relative, so the site works below any path.
  base: './',
  build: {
    target: 'es2022',
    // Small assets stay files: the content security policy allows no scripts, styles or fonts in data: addresses.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1300,
    sourcemap: false,
  },
  worker: { format: 'es' },
  // Parts of vue-i18n that the page does not use.
  define: { __VUE_I18N_LEGACY_API__: 'false', __INTLIFY_PROD_DEVTOOLS__: 'false' },
  server: { proxy },
  preview: { proxy },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
  },
})
