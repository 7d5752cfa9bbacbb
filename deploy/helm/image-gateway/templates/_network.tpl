{{/* Rules of egress, each of the values of `networkPolicy`. */}}
{{- define "image-gateway.toDns" -}}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
  to: {{- toYaml .dns | nindent 4 }}
{{- end }}

{{- define "image-gateway.toPostgres" -}}
- ports: [{ port: {{ .postgres.port }} }]
  {{- with .postgres.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
