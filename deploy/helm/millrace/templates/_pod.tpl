{{/* The pod of the StatefulSet, and of the Deployment over NATS servers. */}}
{{- define "millrace.pod" -}}
metadata:
  labels:
    {{- include "millrace.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A change of the settings replaces the pod.
    checksum/config: {{ include "millrace.config" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "millrace.serviceAccountName" . }}
  automountServiceAccountToken: false
  # Variables such as MILLRACE_PORT, which Kubernetes would define for a service of this name, are settings of the server.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext: {{- toYaml .Values.podSecurityContext | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: millrace
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --config, /etc/millrace/config/config.json]
      env:
        # The name under which Prometheus calls; others get no metrics.
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
        - name: MILLRACE_ADMIN_HOST
          value: "$(POD_IP),127.0.0.1"
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: kinesis
          containerPort: 4567
          protocol: TCP
        - name: metrics
          containerPort: {{ .Values.admin.port }}
          protocol: TCP
      # A start reads up to 512 MiB of the log before the port opens.
      startupProbe:
        httpGet: { path: /health, port: kinesis }
        periodSeconds: 2
        failureThreshold: 150
      readinessProbe:
        httpGet: { path: /health, port: kinesis }
        periodSeconds: 5
      # Whether the process accepts connections: a server whose disk fails still serves reads.
      livenessProbe:
        tcpSocket: { port: kinesis }
        periodSeconds: 10
        failureThreshold: 6
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext: {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/millrace/config
          readOnly: true
        - name: data
          mountPath: /var/lib/millrace
        {{- if .Values.credentials.existingSecret }}
        - name: credentials
          mountPath: /etc/millrace/credentials
          readOnly: true
        {{- end }}
        {{- if .Values.tls.existingSecret }}
        - name: tls
          mountPath: /etc/millrace/tls
          readOnly: true
        {{- end }}
        {{- if .Values.nats.existingSecret }}
        - name: nats
          mountPath: /etc/millrace/nats
          readOnly: true
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "millrace.fullname" . }}
    {{- if .Values.credentials.existingSecret }}
    - name: credentials
      secret:
        secretName: {{ .Values.credentials.existingSecret }}
        defaultMode: 0440
    {{- end }}
    {{- if .Values.nats.existingSecret }}
    - name: nats
      secret:
        secretName: {{ .Values.nats.existingSecret }}
        defaultMode: 0440
    {{- end }}
    {{- if .Values.tls.existingSecret }}
    - name: tls
      secret:
        secretName: {{ .Values.tls.existingSecret }}
        defaultMode: 0440
    {{- end }}
    {{- if or .Values.nats.servers (not .Values.persistence.enabled) }}
    - name: data
      emptyDir: {}
    {{- else if .Values.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ .Values.persistence.existingClaim }}
    {{- end }}
{{- end -}}
