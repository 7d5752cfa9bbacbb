{{/* The release's name, with the chart's where it does not say that already; at most 52 characters leave room for "-migrate" and hashes. */}}
{{- define "image-gateway.name" -}}
{{- $name := .Release.Name -}}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{/* What selects every pod of the release. */}}
{{- define "image-gateway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "image-gateway.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "image-gateway.selector" . }}
{{- end }}

{{- define "image-gateway.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The secret that all pods read. One of three, and only one, says where it comes from. */}}
{{- define "image-gateway.secret" -}}
{{- $ways := list -}}
{{- with .Values.secret -}}
{{- if .values }}{{ $ways = append $ways "secret.values" }}{{ end -}}
{{- if .existing }}{{ $ways = append $ways "secret.existing" }}{{ end -}}
{{- if .external.store }}{{ $ways = append $ways "secret.external.store" }}{{ end -}}
{{- if ne (len $ways) 1 }}{{ fail (printf "Set one of secret.values, secret.existing and secret.external.store. Set now: %s." (join ", " $ways | default "none")) }}{{ end -}}
{{- .existing | default (include "image-gateway.name" $) -}}
{{- end -}}
{{- end }}

{{/* What External Secrets is told: of the values `secret.external`, and the name of the secret to make. */}}
{{- define "image-gateway.externalSecret" -}}
{{- $external := first . -}}
refreshInterval: {{ $external.refreshInterval | quote }}
secretStoreRef: {{- toYaml $external.store | nindent 2 }}
target: { name: {{ last . }} }
{{- with $external.data }}
data: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $external.dataFrom }}
dataFrom: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
