// SPDX-License-Identifier: Apache-2.0
import js from '@eslint/js'
import { defineConfig } from 'eslint/config'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import globals from 'globals'
import tseslint from 'typescript-eslint'

const site = ['src/**/*.{ts,vue}', 'tests/**/*.ts', 'vite.config.ts']

export default defineConfig(
  { ignores: ['dist/', 'lint/node_modules/', 'node_modules/', 'src/lib/openapi.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: site,
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      vue.configs['flat/recommended'],
    ],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        extraFileExtensions: ['.vue'],
        parser: tseslint.parser,
        project: './tsconfig.json',
        tsconfigRootDir: new URL('..', import.meta.url).pathname,
      },
    },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // With noUncheckedIndexedAccess in tsconfig.json an element that is known to exist needs the `!`.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `||` instead of `??` replaces empty text, too.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  { files: ['lint/*.js', 'scripts/*.mjs'], languageOptions: { globals: globals.node } },
  prettier,
)
