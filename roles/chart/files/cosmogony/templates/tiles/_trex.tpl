{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* Where t-rex and the steps that feed it have the cache. */}}
{{- define "cosmogony.trexCache" -}}
/tmp/mvtcache
{{- end }}

{{- define "cosmogony.trexVolume" -}}
name: trex-cache
persistentVolumeClaim:
  claimName: {{ .Values.tiles.trex.cacheVolume.existingClaim | default "cosmogony-trex" }}
{{- end }}

{{/* One user for all that write the cache, so that each can remove what another made. */}}
{{- define "cosmogony.trexSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ .Values.tiles.trex.runAsUser }}
runAsGroup: {{ .Values.tiles.trex.runAsUser }}
fsGroup: {{ .Values.tiles.trex.runAsUser }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* A volume of one node wants all its pods on that node: each goes where a pod of t-rex is, the first one anywhere. */}}
{{- define "cosmogony.trexAffinity" -}}
{{- if eq .Values.tiles.trex.cacheVolume.accessMode "ReadWriteOnce" }}
podAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels: {{- include "cosmogony.selectorLabels" (dict "root" . "component" "tiles") | nindent 10 }}
        # Pods of earlier versions do not name their engine.
        matchExpressions:
          - {key: cosmogony.stack/tiles-engine, operator: NotIn, values: [martin]}
{{- end }}
{{- end }}
