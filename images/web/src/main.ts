// SPDX-License-Identifier: Apache-2.0
import '@fontsource-variable/inter/wght.css'
import { createApp } from 'vue'
import App from './App.vue'
import { i18n } from './i18n'
import './styles/base.css'
import './styles/components.css'

createApp(App).use(i18n).mount('#app')
