{{/* What Kubernetes' restricted Pod Security Standard asks of a pod. */}}
{{- define "image-gateway.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* And of a container; nothing but /tmp can be written. */}}
{{- define "image-gateway.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "image-gateway.databaseUrl" -}}
- name: DATABASE_URL
{{- if eq .Values.database "none" }}
  value: none
{{- else }}
  valueFrom: { secretKeyRef: { name: {{ include "image-gateway.secret" . | quote }}, key: DATABASE_URL } }
{{- end }}
{{- end }}

{{/*
Variables of the gateway's container. Pods divide the slots of an account by their number where there is no Redis, and while
it is away. An empty REDIS_URL is none, whatever the secret has.
*/}}
{{- define "image-gateway.env" -}}
{{ include "image-gateway.databaseUrl" . }}
- name: REDIS_URL
{{- if .Values.redis }}
  valueFrom: { secretKeyRef: { name: {{ include "image-gateway.secret" . | quote }}, key: REDIS_URL } }
{{- else }}
  value: ''
{{- end }}
{{- if not (hasKey .Values.settings "REPLICAS") }}
- name: REPLICAS
  value: {{ ternary .Values.autoscaling.maxReplicas .Values.replicas .Values.autoscaling.enabled | int | quote }}
{{- end }}
- name: SHUTDOWN_GRACE_MS
  value: {{ .Values.shutdown.graceMs | int | quote }}
- name: SHUTDOWN_TIMEOUT_MS
  value: {{ .Values.shutdown.timeoutMs | int | quote }}
{{- if .Values.config }}
- name: CONFIG_FILE
  value: /etc/image-gateway/config.yaml
{{- end }}
{{- if .Values.keysSecret }}
- name: API_KEYS_FILE
  value: /etc/image-gateway/keys/keys.yaml
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ include "image-gateway.text" $value | quote }}
{{- end }}
{{- end }}

{{/* The port of the metrics alone, where there is one. */}}
{{- define "image-gateway.metricsPort" -}}
{{- with .Values.settings.METRICS_PORT -}}
{{- if eq (int .) 4000 }}{{ fail "settings.METRICS_PORT: 4000 is the gateway's own port." }}{{ end -}}
{{ int . }}
{{- end -}}
{{- end }}

{{/* A number of a values file is a float here, and would be written as 2e+06; JSON has it as 2000000, and 2.5 as 2.5. */}}
{{- define "image-gateway.text" -}}
{{- if kindIs "float64" . }}{{ toJson . }}{{ else }}{{ . }}{{ end -}}
{{- end }}
