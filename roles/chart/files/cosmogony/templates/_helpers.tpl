{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* What names of objects begin with. Not that of the Helm release: the workflows of the data update find objects by name. */}}
{{- define "cosmogony.fullname" -}}
{{ .Values.fullnameOverride | default "cosmogony" }}
{{- end }}

{{/* Name of the object of a component. Call with a dict of root and component. */}}
{{- define "cosmogony.componentName" -}}
{{ include "cosmogony.fullname" .root }}-{{ .component }}
{{- end }}

{{/* Labels that select pods. They never change. Call with a dict of root and component. */}}
{{- define "cosmogony.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Values.nameOverride | default "cosmogony" }}
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
name: {{ include "cosmogony.componentName" . }}
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
{{- with mustMerge (deepCopy ((.values | default dict).podLabels | default dict)) .root.Values.pods.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A reference of an image, with its tag, its digest, or both. */}}
{{- define "cosmogony.image" -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Account of the pods of a component. */}}
{{- define "cosmogony.serviceAccountName" -}}
{{- if .root.Values.serviceAccount.create -}}
{{ include "cosmogony.componentName" . }}
{{- else -}}
{{ .root.Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/* Security context within Pod Security "restricted". Call with a user id; with 0 the cluster chooses one. */}}
{{- define "cosmogony.podSecurityContext" -}}
runAsNonRoot: true
{{- if . }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Fields of every pod. Call with a dict of root, component, and the values of the component if it has some. */}}
{{- define "cosmogony.podDefaults" -}}
{{- $own := .values | default dict }}
{{- $all := .root.Values.pods }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "cosmogony.podSecurityContext" (.userId | default (int $all.runAsUser)) | nindent 2 }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with mustMerge (deepCopy ($own.nodeSelector | default dict)) $all.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat ($own.tolerations | default list) $all.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with mustMerge (deepCopy ($own.affinity | default dict)) $all.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.priorityClassName | default $all.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Environment variables that the site adds to a component, those of its CA certificates among them. */}}
{{- define "cosmogony.extraEnv" -}}
{{- if .root.Values.caBundle.configMap }}
- name: CA_BUNDLE
  value: {{ include "cosmogony.caFolder" . }}/{{ .root.Values.caBundle.key }}
{{- if hasPrefix "verify-" .root.Values.database.sslmode }}
# Only then: with root certificates libpq would verify in other modes, too.
- name: PGSSLROOTCERT
  value: {{ include "cosmogony.caFolder" . }}/{{ .root.Values.caBundle.key }}
{{- end }}
{{- end }}
{{- range $name, $value := mustMerge (deepCopy ((.values | default dict).env | default dict)) .root.Values.pods.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Secrets of the site whose keys become environment variables. */}}
{{- define "cosmogony.envFrom" -}}
{{- with .root.Values.pods.envSecrets }}
envFrom:
  {{- range . }}
  - secretRef: {name: {{ . }}}
  {{- end }}
{{- end }}
{{- end }}

{{- define "cosmogony.caFolder" -}}
/etc/cosmogony-ca
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

{{/* nginx's spelling of web.cacheSize: 1Gi is 1g, 512Mi is 512m. */}}
{{- define "cosmogony.tileCacheSize" -}}
{{- .Values.web.cacheSize | trimSuffix "i" | lower }}
{{- end }}

{{- define "cosmogony.dnsEgress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}
