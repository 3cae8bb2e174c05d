"""A container of Millrace, a server for the Amazon Kinesis Data Streams API, for tests.

    with MillraceContainer().with_streams("orders:2") as millrace:
        kinesis = boto3.client("kinesis", **millrace.client_options())
"""

import time
import urllib.error
import urllib.request

from testcontainers.core.container import DockerContainer

IMAGE = "registry.example/millrace:0.1.0"
PORT = 4567
READY_SECONDS_MAX = 60


class MillraceContainer(DockerContainer):
    """A server in memory."""

    def __init__(self, image=IMAGE, **options):
        super().__init__(image, **options)
        self._serve = ["serve", "--engine", "memory"]
        self.with_exposed_ports(PORT)

    def with_streams(self, *streams):
        """Creates streams at start, each as `name:shards` or `name:shards:region`."""
        for stream in streams:
            self._serve += ["--stream", stream]
        return self

    def with_arguments(self, *arguments):
        """More arguments of `millrace serve`, such as `--dev` or `--limits`, `aws`."""
        self._serve += arguments
        return self

    def start(self):
        self.with_command(self._serve)
        super().start()
        self._wait_until_ready()
        return self

    @property
    def endpoint(self):
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    def client_options(self):
        """For boto3.client(); the server takes any keys."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }

    def _wait_until_ready(self):
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            try:
                with urllib.request.urlopen(f"{self.endpoint}/health", timeout=5):
                    return
            except (OSError, urllib.error.URLError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
