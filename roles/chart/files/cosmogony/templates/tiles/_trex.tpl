{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* Folder of the cache in pods of t-rex and of the steps that fill it. */}}
{{- define "cosmogony.trexCache" -}}
/tmp/mvtcache
{{- end }}

{{- define "cosmogony.trexVolume" -}}
name: trex-cache
persistentVolumeClaim:
  claimName: {{ .Values.tiles.trex.cacheVolume.existingClaim | default (printf "%s-trex" (include "cosmogony.fullname" .)) }}
{{- end }}

{{/* A ReadWriteOnce volume needs all its pods on one node: that of a pod of t-rex; the first pod may run on any. */}}
{{- define "cosmogony.trexAffinity" -}}
{{- if eq .Values.tiles.trex.cacheVolume.accessMode "ReadWriteOnce" }}
podAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels: {{- include "cosmogony.selectorLabels" (dict "root" . "component" "tiles") | nindent 10 }}
        # Pods of earlier versions have no label of their engine.
        matchExpressions:
          - {key: cosmogony.stack/tiles-engine, operator: NotIn, values: [martin]}
{{- end }}
{{- end }}
