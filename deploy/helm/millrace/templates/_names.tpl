{{- define "millrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "millrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "millrace.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "millrace.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "millrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "millrace.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "millrace.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "millrace.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "millrace.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "millrace.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The file of --config: the values' settings, and those that follow from the other values. */}}
{{- define "millrace.config" -}}
{{- $own := dict "host" "0.0.0.0" "port" 4567 "admin-port" (int .Values.admin.port) -}}
{{- if .Values.nats.servers -}}
{{- $own = merge $own (dict "engine" "jetstream" "nats" .Values.nats.servers "nats-monitor" .Values.nats.monitors) -}}
{{- if .Values.nats.existingSecret -}}
{{- $own = merge $own (dict "nats-creds" (printf "/etc/millrace/nats/%s" .Values.nats.key)) -}}
{{- end -}}
{{- else if .Values.persistence.enabled -}}
{{- $own = merge $own (dict "engine" "embedded" "data-dir" "/var/lib/millrace/millrace-data" "on-fault" "exit") -}}
{{- else -}}
{{- $own = merge $own (dict "engine" "memory") -}}
{{- end -}}
{{- if .Values.credentials.existingSecret -}}
{{- $own = merge $own (dict "credentials" (printf "/etc/millrace/credentials/%s" .Values.credentials.key)) -}}
{{- else -}}
{{- $own = merge $own (dict "allow-anonymous" true) -}}
{{- end -}}
{{- if .Values.tls.existingSecret -}}
{{- $own = merge $own (dict "tls-cert" "/etc/millrace/tls/tls.crt" "tls-key" "/etc/millrace/tls/tls.key") -}}
{{- end -}}
{{- merge (deepCopy .Values.config) $own | toPrettyJson -}}
{{- end -}}
