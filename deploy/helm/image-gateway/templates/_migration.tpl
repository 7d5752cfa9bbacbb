{{/*
The migration is a hook: it runs before Helm has applied anything of the new release, among what the old one left. So it
brings along, as hooks that go before it, what it would need of the new one: its secret and its network policy.
*/}}
{{- define "image-gateway.migrates" -}}
{{- if and .Values.migration.enabled (eq .Values.database "postgres") }}true{{ end -}}
{{- end }}

{{- define "image-gateway.migration" -}}
{{ include "image-gateway.name" . }}-migrate
{{- end }}

{{/* What selects its pod. The name is another, so that the old release's network policy does not. */}}
{{- define "image-gateway.migrationSelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}-migrate
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Its parts, by the order in which they are made. */}}
{{- define "image-gateway.migrationHook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
