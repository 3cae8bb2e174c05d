"""Checks manifests on standard input against the API of one version of Kubernetes, strictly and offline.

`validate.py VERSION`: prints how many resources there are; a field that the API does not have ends it.
"""

import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

SERVICE_MONITOR = json.loads(pathlib.Path(__file__).with_name("service-monitor.schema.json").read_text())

version = sys.argv[1]
resources = [resource for resource in yaml.safe_load_all(sys.stdin) if resource is not None]
for resource in resources:
    try:
        if resource["kind"] == "ServiceMonitor":
            jsonschema.validate(resource, SERVICE_MONITOR)
        else:
            kubernetes_validate.validate(resource, version, strict=True)
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
        sys.exit(f"{resource['kind']} {resource['metadata']['name']}: {error.message}")
print(len(resources))
