{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* Labels that select pods. They never change. Call with a dict of root and component. */}}
{{- define "cosmogony.selectorLabels" -}}
app.kubernetes.io/name: cosmogony
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "cosmogony.labels" -}}
{{ include "cosmogony.selectorLabels" . }}
app.kubernetes.io/part-of: cosmogony
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- end }}

{{/* Metadata of the object of a component. */}}
{{- define "cosmogony.metadata" -}}
name: cosmogony-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels: {{- include "cosmogony.labels" . | nindent 2 }}
{{- end }}

{{/* Path of the site's address, below which it is served; "" for the whole host. */}}
{{- define "cosmogony.basePath" -}}
{{ (urlParse .Values.siteUrl).path | trimSuffix "/" }}
{{- end }}

{{/* Labels of the pods of a component: those that select them, and those of the site. */}}
{{- define "cosmogony.podLabels" -}}
{{ include "cosmogony.selectorLabels" . }}
app.kubernetes.io/part-of: cosmogony
{{- with (.values | default dict).podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Security context within Pod Security "restricted". */}}
{{- define "cosmogony.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Fields of every pod. */}}
{{- define "cosmogony.podDefaults" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "cosmogony.podSecurityContext" . | nindent 2 }}
{{- end }}

{{- define "cosmogony.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Environment of a pod that connects to the database. */}}
{{- define "cosmogony.databaseEnv" -}}
- name: POSTGRES_HOST
  value: {{ .Values.database.host | quote }}
- name: POSTGRES_PORT
  value: {{ .Values.database.port | quote }}
- name: POSTGRES_DB
  value: {{ .Values.database.name | quote }}
- name: POSTGRES_SSLMODE
  value: {{ .Values.database.sslmode | quote }}
- name: POSTGRES_USER
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.existingSecret }}
      key: user
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.existingSecret }}
      key: password
{{- end }}

{{/* Environment variables that the site adds to a component. */}}
{{- define "cosmogony.extraEnv" -}}
{{- range $name, $value := .env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Placement of the pods of a component: on different nodes and zones if possible. */}}
{{- define "cosmogony.placement" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "cosmogony.selectorLabels" . | nindent 8 }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "cosmogony.selectorLabels" . | nindent 8 }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Probes of a server. Call with a dict of port, live and ready (paths), startTries, readyTimeout. */}}
{{- define "cosmogony.probes" -}}
startupProbe:
  httpGet: {path: {{ .live }}, port: {{ .port }}}
  periodSeconds: 2
  failureThreshold: {{ .startTries }}
readinessProbe:
  httpGet: {path: {{ .ready }}, port: {{ .port }}}
  periodSeconds: 5
  timeoutSeconds: {{ .readyTimeout }}
  failureThreshold: 2
livenessProbe:
  httpGet: {path: {{ .live }}, port: {{ .port }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* Rollout without a gap: an old pod ends only when a new one is ready. */}}
{{- define "cosmogony.rollout" -}}
{{- if not .values.autoscaling.enabled }}
replicas: {{ .values.replicas }}
{{- end }}
revisionHistoryLimit: 3
strategy:
  type: RollingUpdate
  rollingUpdate:
    maxSurge: 1
    maxUnavailable: 0
selector:
  matchLabels: {{- include "cosmogony.selectorLabels" . | nindent 4 }}
{{- end }}

{{- define "cosmogony.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* nginx's spelling of web.cacheSize: 1Gi is 1g, 512Mi is 512m. */}}
{{- define "cosmogony.tileCacheSize" -}}
{{- .Values.web.cacheSize | trimSuffix "i" | lower }}
{{- end }}

{{- define "cosmogony.dnsEgress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}
