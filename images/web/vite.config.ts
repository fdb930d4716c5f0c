// SPDX-License-Identifier: Apache-2.0
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// `npm run dev` shows the site with the data of a running stack.
const backend = process.env.SITE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue()],
  // The page works below any path.
  base: './',
  build: {
    target: 'es2022',
    // Nothing becomes a data: address: the content security policy allows files only.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1300,
    sourcemap: false,
  },
  worker: { format: 'es' },
  server: {
    proxy: Object.fromEntries(['/api', '/tiles', '/data'].map((path) => [path, { target: backend }])),
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
  },
})
