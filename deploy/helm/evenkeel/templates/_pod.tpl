{{- define "evenkeel.args" -}}
- --config.file=/etc/evenkeel/config/{{ if .root.Values.existingConfig.secret }}{{ .root.Values.existingConfig.key }}{{ else }}evenkeel.yml{{ end }}
- --web.listen-address=:9308
{{- if gt (int .root.Values.shards) 1 }}
- --shard={{ int .workload.shard }}/{{ int .root.Values.shards }}
{{- end }}
{{- if .root.Values.web.config.secret }}
- --web.config.file=/etc/evenkeel/web/{{ .root.Values.web.config.key }}
{{- end }}
{{- if .root.Values.web.enableLifecycle }}
- --web.enable-lifecycle
{{- end }}
- --log.level={{ .root.Values.logLevel }}
- --log.format={{ .root.Values.logFormat }}
{{- range .root.Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- /* Probes have no login: where users are asked for, that the port answers has to do. */ -}}
{{- define "evenkeel.probe" -}}
{{- if and .Values.web.config.secret .Values.web.config.users -}}
tcpSocket: {port: http}
{{- else -}}
httpGet: {path: /-/healthy, port: http, scheme: {{ if and .Values.web.config.secret .Values.web.config.tls }}HTTPS{{ else }}HTTP{{ end }}}
{{- end }}
{{- end }}

{{- define "evenkeel.mounts" -}}
- {name: config, mountPath: /etc/evenkeel/config, readOnly: true}
{{- range .Values.secrets }}
- {name: {{ printf "secret-%s" .name | quote }}, mountPath: {{ printf "/etc/evenkeel/secrets/%s" .name | quote }}, readOnly: true}
{{- end }}
{{- if .Values.web.config.secret }}
- {name: web, mountPath: /etc/evenkeel/web, readOnly: true}
{{- end }}
{{- if ne .Values.state.kind "none" }}
- {name: state, mountPath: /var/lib/evenkeel}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "evenkeel.volumes" -}}
{{- $values := .root.Values -}}
- name: config
  {{- if $values.existingConfig.secret }}
  secret: {secretName: {{ $values.existingConfig.secret | quote }}, defaultMode: 0440}
  {{- else if eq $values.configKind "Secret" }}
  secret: {secretName: {{ .workload.config | quote }}, defaultMode: 0440}
  {{- else }}
  configMap: {name: {{ .workload.config | quote }}}
  {{- end }}
{{- range $values.secrets }}
- name: {{ printf "secret-%s" .name | quote }}
  secret: {secretName: {{ .name | quote }}, defaultMode: 0440}
{{- end }}
{{- if $values.web.config.secret }}
- name: web
  secret: {secretName: {{ $values.web.config.secret | quote }}, defaultMode: 0440}
{{- end }}
{{- if eq $values.state.kind "pvc" }}
- name: state
  persistentVolumeClaim: {claimName: {{ default (printf "%s-state" .workload.name) $values.state.existingClaim | quote }}}
{{- else if eq $values.state.kind "emptyDir" }}
- name: state
  emptyDir: {sizeLimit: {{ $values.state.size | quote }}}
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
