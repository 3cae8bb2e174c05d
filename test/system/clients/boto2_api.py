"""boto 2, one operation by its name at a time. Arguments: the host and the port."""
import inspect
import re
import sys

from boto.exception import BotoServerError
from boto.kinesis.layer1 import KinesisConnection

from driver_loop import serve


class Boto2Api:
    def __init__(self, host, port):
        self.connection = KinesisConnection(
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="example-secret",
            host=host,
            port=int(port),
            is_secure=False,
        )
        self.connection.num_retries = 0

    def operations(self):
        methods = inspect.getmembers(KinesisConnection, inspect.isfunction)
        own = [name for name, method in methods if method.__module__ == "boto.kinesis.layer1" and name[0] != "_"]
        return ["".join(word.capitalize() for word in name.split("_")) for name in own if name != "make_request"]

    def call(self, operation, members):
        method = getattr(self.connection, snake(operation))
        arguments = {snake(name): value for name, value in members.items()}
        if not set(arguments) <= set(inspect.signature(method).parameters):
            return {"kind": "unknown"}
        try:
            return {"kind": "answered", "output": method(**arguments) or {}}
        except BotoServerError as error:
            return {"kind": "refused", "type": error.body["__type"], "message": error.body.get("message", "")}

    def pages(self, operation, members, page_size):
        return None


def snake(name):
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


serve(Boto2Api(*sys.argv[1:]))
