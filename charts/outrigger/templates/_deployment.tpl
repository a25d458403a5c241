{{- define "outrigger.deployment" -}}
{{- $root := .root -}}{{- $global := .root.Values.global -}}
apiVersion: apps/v1
kind: Deployment
{{ include "outrigger.metadata" (list $root .name) }}
spec:
  replicas: {{ include "outrigger.replicas" (list $root .settings) }}
  selector:
    matchLabels:
      app: {{ .name }}
  template:
    metadata:
      labels:
        app: {{ .name }}
        app.kubernetes.io/part-of: dapr
        {{- with $global.labels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # Sentry knows the control plane by this.
        dapr.io/control-plane: {{ .service }}
        {{- if $global.prometheus.enabled }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ $global.prometheus.port | quote }}
        prometheus.io/path: /
        {{- end }}
        {{- with .settings.deploymentAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ .name }}
      {{- if .hostNetwork }}
      hostNetwork: true
      dnsPolicy: ClusterFirstWithHostNet
      {{- end }}
      {{- with include "outrigger.pullSecrets" $root }}
      imagePullSecrets: {{- . | nindent 8 }}
      {{- end }}
      {{- with $global.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $global.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $global.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- if $global.ha.enabled }}
      {{- include "outrigger.spread" . | nindent 6 }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: {{ $global.seccompProfile }}
      {{- with index $global.initContainers .service }}
      initContainers: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        {{- include "outrigger.container" . | nindent 8 }}
        {{- with index $global.extraContainers .service }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      volumes:
        - name: trust-anchors
          configMap:
            name: dapr-trust-bundle
        - name: identity-token
          projected:
            sources:
              - serviceAccountToken:
                  path: token
                  expirationSeconds: 600
                  audience: {{ include "outrigger.sentryId" $root | quote }}
        {{- with .volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with index $global.extraVolumes .service }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}

{{- define "outrigger.container" -}}
{{- $root := .root -}}{{- $global := .root.Values.global -}}
- name: {{ .name }}
  image: {{ .image }}
  imagePullPolicy: {{ $global.imagePullPolicy }}
  command: [/{{ .service }}]
  args:
    - --log-level={{ .settings.logLevel }}
    - --log-as-json={{ $global.logAsJson }}
    - --enable-metrics={{ $global.prometheus.enabled }}
    - --metrics-port={{ $global.prometheus.port }}
    {{- range .args }}
    - {{ . | quote }}
    {{- end }}
  env:
    - name: NAMESPACE
      valueFrom:
        fieldRef:
          fieldPath: metadata.namespace
    - name: POD_NAME
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
    {{- range $name, $value := mergeOverwrite .env .settings.extraEnvVars }}
    - name: {{ $name }}
      value: {{ $value | toString | quote }}
    {{- end }}
  ports:
    {{- range $name, $port := .ports }}
    - name: {{ $name }}
      containerPort: {{ $port }}
    {{- end }}
    {{- if $global.prometheus.enabled }}
    - name: metrics
      containerPort: {{ $global.prometheus.port }}
    {{- end }}
  startupProbe:
    httpGet: { path: /healthz, port: 8080 }
    periodSeconds: 1
    failureThreshold: 120
  readinessProbe:
    httpGet: { path: /healthz, port: 8080 }
    periodSeconds: 3
  livenessProbe:
    httpGet: { path: /healthz, port: 8080 }
    periodSeconds: 5
    failureThreshold: 6
  resources: {{- toYaml .settings.resources | nindent 4 }}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: [ALL]
  volumeMounts:
    - name: trust-anchors
      mountPath: /var/run/secrets/dapr.io/tls
      readOnly: true
    - name: identity-token
      mountPath: /var/run/secrets/dapr.io/sentrytoken
      readOnly: true
    {{- with .mounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with index $global.extraVolumeMounts .service }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* Replicas keep apart: from each other by the policy, and evenly over zones and nodes. */}}
{{- define "outrigger.spread" -}}
{{- $ha := .root.Values.global.ha -}}
{{- $policy := $ha.podAntiAffinityPolicy -}}
{{- $selector := dict "matchLabels" (dict "app" .name) -}}
affinity:
  podAntiAffinity:
    {{ $policy }}:
      {{- if hasPrefix "required" $policy }}
      - labelSelector: {{ toJson $selector }}
        topologyKey: {{ $ha.topologyKey }}
      {{- else }}
      - weight: 100
        podAffinityTerm:
          labelSelector: {{ toJson $selector }}
          topologyKey: {{ $ha.topologyKey }}
      {{- end }}
topologySpreadConstraints:
  {{- range list $ha.topologyKey "kubernetes.io/hostname" | uniq }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {{ toJson $selector }}
  {{- end }}
{{- end -}}
