"""The AWS CLI's own code within one process, as each start of it takes half a second. Arguments: the endpoint, and
`newest-model` for the operations that boto3's newest model knows instead of the CLI's own."""
import base64
import contextlib
import io
import json
import os
import re
import sys
import tempfile

import awscli
from awscli.clidriver import create_clidriver
from botocore import xform_name

from driver_loop import serve

REFUSAL = re.compile(r"An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: ?(.*)", re.DOTALL)
# Version 1 takes the text of a blob, version 2 its base64 unless it is told to take the text.
BLOBS_AS_TEXT = [] if awscli.__version__.startswith("1.") else ["--cli-binary-format", "raw-in-base64-out"]
UNKNOWN = re.compile(r"Unknown parameter in input")


class AwsCliApi:
    def __init__(self, endpoint, model=None):
        os.environ["AWS_MAX_ATTEMPTS"] = "1"
        if model == "newest-model":
            self.models = tempfile.TemporaryDirectory()
            # The CLI has a botocore of its own inside.
            packages = os.path.dirname(os.path.dirname(awscli.__file__))
            newest = os.path.join(packages, "botocore", "data", "kinesis")
            os.symlink(newest, os.path.join(self.models.name, "kinesis"))
            os.environ["AWS_DATA_PATH"] = os.pathsep.join([self.models.name, os.environ["AWS_DATA_PATH"]])
        self.endpoint = endpoint
        self.driver = create_clidriver()
        self.directory = tempfile.TemporaryDirectory()

    def operations(self):
        commands = self.driver.create_help_command().command_table["kinesis"].create_help_command().command_table
        model = self.driver.session.get_service_model("kinesis")
        return [name for name in model.operation_names if xform_name(name, "-") in commands]

    def call(self, operation, members):
        code, stdout, stderr = self.run(xform_name(operation, "-"), members, "--no-paginate")
        if code == 0:
            return {"kind": "answered", "output": plain(json.loads(stdout or "{}"))}
        refusal = REFUSAL.search(stderr)
        if refusal:
            return {"kind": "refused", "type": refusal[1], "message": refusal[2].strip()}
        if UNKNOWN.search(stderr):
            return {"kind": "unknown"}
        raise RuntimeError(stderr)

    def pages(self, operation, members, page_size):
        # The CLI asks for pages and prints them as one.
        code, stdout, stderr = self.run(xform_name(operation, "-"), members, "--page-size", str(page_size))
        if code == 0:
            return [plain(json.loads(stdout))]
        if "Unknown options: --page-size" in stderr:
            return None
        raise RuntimeError(stderr)

    def wait(self, waiter, stream_name):
        code, _, stderr = self.run("wait", None, xform_name(waiter, "-"), "--stream-name", stream_name)
        if code != 0:
            raise RuntimeError(stderr)

    def run(self, command, members, *options):
        # On every call: one call without it would have all later ones of this process take base64.
        arguments = ["kinesis", command, *options, "--endpoint-url", self.endpoint, "--output", "json", *BLOBS_AS_TEXT]
        if members:
            file = os.path.join(self.directory.name, "input.json")
            with open(file, "w") as input_file:
                json.dump(members, input_file)
            arguments += ["--cli-input-json", "file://" + file]
        stdout, stderr = Output(), Output()
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            try:
                code = self.driver.main(arguments)
            except SystemExit as stop:
                code = stop.code
        return code, stdout.text(), stderr.text()


class Output(io.TextIOWrapper):
    """Version 1 of the CLI writes text, and bytes to what is below it."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self):
        return self.buffer.getvalue().decode()


def plain(value, name=""):
    if isinstance(value, dict):
        return {key: plain(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return base64.b64decode(value).decode() if name == "Data" else value


serve(AwsCliApi(*sys.argv[1:]))
