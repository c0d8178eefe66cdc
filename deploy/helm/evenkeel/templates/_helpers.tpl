{{- define "evenkeel.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- /* At most 30 characters: the names of clusters and of rule files follow. */ -}}
{{- define "evenkeel.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 30 | trimSuffix "-" }}
{{- else if contains (include "evenkeel.name" .) .Release.Name }}
{{- .Release.Name | trunc 30 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "evenkeel.name" .) | trunc 30 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "evenkeel.selector" -}}
app.kubernetes.io/name: {{ include "evenkeel.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "evenkeel.labels" -}}
{{ include "evenkeel.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: evenkeel
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "evenkeel.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "evenkeel.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "evenkeel.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- /* The name of a cluster as a part of names in Kubernetes. */ -}}
{{- define "evenkeel.part" -}}
{{- regexReplaceAll "[^a-z0-9]+" (lower .) "-" | trunc 24 | trimAll "-" }}
{{- end }}

{{- /*
The workloads, as JSON: a Deployment for each cluster (layout: perCluster) and for each
shard. Those of one cluster share its configuration.
*/ -}}
{{- define "evenkeel.workloads" -}}
{{- $root := . }}
{{- $full := include "evenkeel.fullname" . }}
{{- $configs := list }}
{{- if eq .Values.layout "perCluster" }}
{{- if .Values.existingConfig.secret }}{{ fail "existingConfig: the clusters in a Secret are not known here; layout must be one" }}{{ end }}
{{- $seen := dict }}
{{- range .Values.config.clusters }}
{{- $part := include "evenkeel.part" .name }}
{{- if not $part }}{{ fail (printf "config.clusters: the name %q has nothing that a name in Kubernetes may be made of" .name) }}{{ end }}
{{- if hasKey $seen $part }}{{ fail (printf "config.clusters: %q and %q would both be %s in Kubernetes" (get $seen $part) .name $part) }}{{ end }}
{{- $_ := set $seen $part .name }}
{{- $config := set (deepCopy $root.Values.config) "clusters" (list .) }}
{{- $configs = append $configs (dict "config" (printf "%s-%s" $full $part) "part" $part "content" $config) }}
{{- end }}
{{- else }}
{{- $configs = list (dict "config" $full "part" "all" "content" .Values.config) }}
{{- end }}
{{- $workloads := list }}
{{- range $configs }}
{{- $one := . }}
{{- range $i := until (int $root.Values.shards) }}
{{- $name := $one.config }}
{{- if gt (int $root.Values.shards) 1 }}{{ $name = printf "%s-%d" $one.config $i }}{{ end }}
{{- $workloads = append $workloads (dict "name" $name "config" $one.config "part" $one.part "content" $one.content "shard" $i) }}
{{- end }}
{{- end }}
{{- if and (eq .Values.state.kind "pvc") (gt (int .Values.replicas) 1) }}{{ fail "state.kind: pvc is for one pod alone; replicas must be 1" }}{{ end }}
{{- if and .Values.state.existingClaim (gt (len $workloads) 1) }}{{ fail "state.existingClaim: several Deployments cannot share a state file" }}{{ end }}
{{- $workloads | toJson }}
{{- end }}

{{- /* The file for one workload: what the values say, and where the state lies. */ -}}
{{- define "evenkeel.config" -}}
{{- $config := .workload.content }}
{{- if and (ne .root.Values.state.kind "none") (not (get $config "state_file")) }}
{{- $config = set (deepCopy $config) "state_file" "/var/lib/evenkeel/state.json" }}
{{- end }}
{{- toYaml $config }}
{{- end }}
