{{/* Full reference of an image: (list $ name). */}}
{{- define "outrigger.image" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- if contains "/" $name -}}
{{ $name }}
{{- else -}}
{{ $root.Values.global.registry }}/{{ $name }}:{{ $root.Values.global.tag | default $root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "outrigger.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: dapr
{{- end -}}

{{/* metadata of an object in the release's namespace: (list $ name). */}}
{{- define "outrigger.metadata" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    app: {{ $name }}
    {{- include "outrigger.labels" $root | nindent 4 }}
{{- end -}}

{{- define "outrigger.clusterDomain" -}}
{{ .Values.global.dnsSuffix | trimPrefix "." }}
{{- end -}}

{{- define "outrigger.sentryId" -}}
spiffe://{{ .Values.global.mtls.controlPlaneTrustDomain }}/ns/{{ .Release.Namespace }}/dapr-sentry
{{- end -}}

{{- define "outrigger.sentryAddress" -}}
{{ .Values.global.mtls.sentryAddress | default (printf "dapr-sentry.%s.svc.%s:443" .Release.Namespace (include "outrigger.clusterDomain" .)) }}
{{- end -}}

{{/* Names, or {name: …}, or one name. */}}
{{- define "outrigger.pullSecrets" -}}
{{- $given := .Values.global.imagePullSecrets -}}
{{- range (kindIs "string" $given | ternary (list $given) $given) }}
{{- if . }}
- name: {{ kindIs "string" . | ternary . (get (kindIs "string" . | ternary dict .) "name") }}
{{- end }}
{{- end }}
{{- end -}}

{{/* How many: (list $ settings). */}}
{{- define "outrigger.replicas" -}}
{{- $root := index . 0 -}}{{- $settings := index . 1 -}}
{{ $root.Values.global.ha.enabled | ternary (max (int $root.Values.global.ha.replicaCount) (int $settings.replicaCount)) (int $settings.replicaCount) }}
{{- end -}}
