{{/* Image of a component of the control plane: "outrigger.image" (list $ "name") */}}
{{- define "outrigger.image" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- if contains "/" $name -}}{{ $name }}
{{- else -}}{{ $root.Values.global.registry }}/{{ $name }}:{{ $root.Values.global.tag | default $root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "outrigger.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: dapr
{{- end -}}

{{- define "outrigger.sentryId" -}}
spiffe://{{ .Values.global.mtls.controlPlaneTrustDomain }}/ns/{{ .Release.Namespace }}/dapr-sentry
{{- end -}}

{{- define "outrigger.clusterDomain" -}}
{{ .Values.global.dnsSuffix | trimPrefix "." }}
{{- end -}}

{{- define "outrigger.sentryAddress" -}}
dapr-sentry.{{ .Release.Namespace }}.svc.{{ include "outrigger.clusterDomain" . }}:443
{{- end -}}

{{/*
One Deployment of the control plane. Takes a dict: root, name (dapr-sentry), service (sentry), settings (the values of
the service), image, args, env, ports, mounts, volumes.
*/}}
{{- define "outrigger.deployment" -}}
{{- $root := .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    app: {{ .name }}
    {{- include "outrigger.labels" $root | nindent 4 }}
spec:
  replicas: {{ .settings.replicaCount }}
  selector:
    matchLabels:
      app: {{ .name }}
  template:
    metadata:
      labels:
        app: {{ .name }}
        app.kubernetes.io/part-of: dapr
      annotations:
        # Sentry knows the control plane by this.
        dapr.io/control-plane: {{ .service }}
        {{- if $root.Values.global.prometheus.enabled }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ $root.Values.global.prometheus.port | quote }}
        prometheus.io/path: /
        {{- end }}
    spec:
      serviceAccountName: {{ .name }}
      {{- with $root.Values.global.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.global.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.global.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.global.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: {{ .name }}
          image: {{ .image }}
          imagePullPolicy: {{ $root.Values.global.imagePullPolicy }}
          command: [/{{ .service }}]
          args:
            - --log-level={{ .settings.logLevel }}
            - --log-as-json={{ $root.Values.global.logAsJson }}
            - --enable-metrics={{ $root.Values.global.prometheus.enabled }}
            - --metrics-port={{ $root.Values.global.prometheus.port }}
            {{- range .args }}
            - {{ . }}
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
            {{- range $name, $value := .env }}
            - name: {{ $name }}
              value: {{ $value | toString | quote }}
            {{- end }}
          ports:
            {{- range $name, $port := .ports }}
            - name: {{ $name }}
              containerPort: {{ $port }}
            {{- end }}
            - name: metrics
              containerPort: {{ $root.Values.global.prometheus.port }}
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
          resources: {{- toYaml .settings.resources | nindent 12 }}
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
            {{- toYaml . | nindent 12 }}
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
{{- end -}}

{{/* A Service before one Deployment. Takes a dict: root, name, app, port, target, protocol. */}}
{{- define "outrigger.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    app: {{ .app }}
    {{- include "outrigger.labels" .root | nindent 4 }}
spec:
  selector:
    app: {{ .app }}
  ports:
    {{- range .ports }}
    - {{ toJson . }}
    {{- end }}
{{- end -}}
