{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* A Deployment up to the containers of its pods. Call with a dict of root, component, values and graceSeconds, and as
     needed userId, engine (of tiles), readsDatabase and configDigest (what changes them replaces the pods). */}}
{{- define "cosmogony.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata: {{- include "cosmogony.metadata" . | nindent 2 }}
spec:
  {{- if not .values.autoscaling.enabled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  # A rollout without a gap: an old pod ends only when a new one is ready.
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels: {{- include "cosmogony.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "cosmogony.podLabels" . | nindent 8 }}
        {{- with .engine }}
        cosmogony.stack/tiles-engine: {{ . }}
        {{- end }}
      {{- with include "cosmogony.podAnnotations" . }}
      annotations: {{- . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "cosmogony.serviceAccountName" . }}
      {{- include "cosmogony.podDefaults" . | nindent 6 }}
      terminationGracePeriodSeconds: {{ .graceSeconds }}
      # Pods of a component run on different nodes and zones if possible.
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "cosmogony.selectorLabels" $ | nindent 14 }}
        {{- end }}
{{- end }}

{{/* Annotations of the pods of a component: those of the site, and digests of what pods read only once. */}}
{{- define "cosmogony.podAnnotations" -}}
{{- if .readsDatabase }}
cosmogony.stack/database-secret-revision: {{ .root.Values.database.secretRevision | quote }}
{{- end }}
{{- with .configDigest }}
cosmogony.stack/trex-config: {{ . | quote }}
{{- end }}
{{- with .root.Values.caBundle.revision }}
cosmogony.stack/ca-bundle-revision: {{ . | quote }}
{{- end }}
{{- with mustMerge (deepCopy ((.values | default dict).podAnnotations | default dict)) .root.Values.pods.annotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Fields of every container. */}}
{{- define "cosmogony.containerDefaults" -}}
imagePullPolicy: {{ .Values.imagePullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Environment of a container that connects to the database. */}}
{{- define "cosmogony.databaseEnv" -}}
{{- with .Values.database }}
- {name: POSTGRES_HOST, value: {{ .host | quote }}}
- {name: POSTGRES_PORT, value: {{ .port | quote }}}
- {name: POSTGRES_DB, value: {{ .name | quote }}}
- {name: POSTGRES_SSLMODE, value: {{ .sslmode | quote }}}
- {name: POSTGRES_USER, valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: user}}}
- {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: password}}}
{{- end }}
{{- end }}

{{/* Volumes of a pod: /tmp, and those of the site. Call with tmpSize for more than 64Mi in /tmp. */}}
{{- define "cosmogony.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: {{ .tmpSize | default "64Mi" }}}
{{- with .root.Values.caBundle.configMap }}
- name: ca
  configMap: {name: {{ . }}}
{{- end }}
{{- with concat ((.values | default dict).volumes | default list) .root.Values.pods.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where containers mount the volumes of cosmogony.volumes. */}}
{{- define "cosmogony.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .root.Values.caBundle.configMap }}
- {name: ca, mountPath: {{ include "cosmogony.caFolder" . }}, readOnly: true}
{{- end }}
{{- with concat ((.values | default dict).volumeMounts | default list) .root.Values.pods.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}
