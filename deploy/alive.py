"""Whether the site in this container answers, asked as the proxy would ask; exit code 1 if it does not."""

import http.client
import os
import sys

port = os.environ.get("JIGAI_BIND", "127.0.0.1:8000").rpartition(":")[2]
host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
try:
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=4)
    connection.request("GET", "/healthz", headers={"Host": host, "X-Forwarded-Proto": "https"})
    status = connection.getresponse().status
except OSError as failed:
    sys.exit(f"no answer: {failed}")
if status != http.HTTPStatus.OK:
    sys.exit(f"answers {status}")
