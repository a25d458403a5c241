{{/*
All that a service of the control plane consists of. Takes a dict:
  root, name (dapr-sentry), service (sentry), settings (its values), image, args, env, mounts, volumes, hostNetwork,
  ports: {name: container port}, services: {name: list of ports}, calls: {app: port} in the control plane
*/}}
{{- define "outrigger.service" -}}
{{ include "outrigger.deployment" . }}
{{- range $name, $ports := .services }}
---
apiVersion: v1
kind: Service
{{ include "outrigger.metadata" (list $.root $name) }}
  {{- with $.settings.service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  selector:
    app: {{ $.name }}
  ports:
    {{- range $ports }}
    - {{ toJson . }}
    {{- end }}
{{- end }}
{{- if .root.Values.global.ha.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "outrigger.metadata" (list .root .name) }}
spec:
  {{- with .root.Values.global.ha.disruption }}
  {{- if .minimumAvailable }}
  minAvailable: {{ .minimumAvailable }}
  {{- else }}
  maxUnavailable: {{ .maximumUnavailable }}
  {{- end }}
  {{- end }}
  selector:
    matchLabels:
      app: {{ .name }}
{{- end }}
{{- if .root.Values.global.networkPolicy.enabled }}
---
{{ include "outrigger.networkPolicy" . }}
{{- end }}
{{- end -}}

{{/*
In: what is served. Sidecars, Prometheus and the API server come from anywhere, so callers prove who they are by mTLS
and not by their address. Out: names, the API server, and what it calls in the control plane.
*/}}
{{- define "outrigger.networkPolicy" -}}
{{- $global := .root.Values.global -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "outrigger.metadata" (list .root .name) }}
spec:
  podSelector:
    matchLabels:
      app: {{ .name }}
  policyTypes:
    - Ingress
    {{- if $global.networkPolicy.apiServerPorts }}
    - Egress
    {{- end }}
  ingress:
    - ports:
        {{- range $port := .ports }}
        - { protocol: TCP, port: {{ $port }} }
        {{- end }}
        {{- if $global.prometheus.enabled }}
        - { protocol: TCP, port: {{ $global.prometheus.port }} }
        {{- end }}
  {{- if $global.networkPolicy.apiServerPorts }}
  egress:
    - ports:
        - { protocol: UDP, port: 53 }
        - { protocol: TCP, port: 53 }
        {{- range $global.networkPolicy.apiServerPorts }}
        - { protocol: TCP, port: {{ . }} }
        {{- end }}
        {{- with $global.mtls.sentryAddress }}
        - { protocol: TCP, port: {{ splitList ":" . | last | int }} }
        {{- end }}
    {{- range $app, $port := .calls }}
    - to:
        - podSelector:
            matchLabels:
              app: {{ $app }}
      ports:
        - { protocol: TCP, port: {{ $port }} }
    {{- end }}
  {{- end }}
{{- end -}}
