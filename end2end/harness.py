"""Starts a Gantry of its own for a flow and counts what holds.

A flow gets GANTRY_BIN and GANTRY_SITE_DIR from `./dev test`. Nothing waits by sleeping: `wait_until` waits for a state,
with a deadline.
"""

import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BINARY = os.environ["GANTRY_BIN"]
PASSED: list[str] = []
FAILED: list[str] = []


def check(name: str, holds: bool, seen: object = "") -> None:
    """Counts one expectation and says when it does not hold."""
    (PASSED if holds else FAILED).append(name)
    print(("ok      " if holds else "FAILED  ") + name + ("" if holds else f"  (seen: {seen})"), flush=True)


def finish() -> None:
    """Prints the totals and ends the flow."""
    print(f"{len(PASSED)} passed, {len(FAILED)} failed")
    raise SystemExit(1 if FAILED else 0)


def wait_until(holds: Callable[[], object], what: str, seconds: float = 90) -> object:
    """Waits until `holds()` is true and answers its value; raises when it is not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := holds():
            return value
        time.sleep(0.1)
    raise TimeoutError(f"not in {seconds} s: {what}")


def docker(*words: str) -> str:
    """Runs docker and answers its output."""
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


class Gantry:
    """A server on a data directory and a port of its own; on another address than loopback it speaks TLS."""

    def __init__(self, port: int, *flags: str, host: str = "127.0.0.1") -> None:
        self.data = Path(tempfile.mkdtemp(prefix="gantry-flow-"))
        self.listen, self.flags, self.url = f"{host}:{port}", flags, f"http://{host}:{port}"
        if host != "127.0.0.1":
            self.flags, self.url = (*flags, "--tls"), f"https://{host}:{port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.env: dict[str, str] = {}

    def __enter__(self) -> "Gantry":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if "--no-agent" not in self.flags:
            self.remove_containers()
        shutil.rmtree(self.data, ignore_errors=True)

    def remove_containers(self) -> None:
        """Removes what its agent left on the engine."""
        for container in docker("ps", "-aq", "--filter", f"label=gantry.flow={self.data.name}").split():
            docker("rm", "-f", container)

    def start(self) -> None:
        """Starts the server and waits until it is ready."""
        command = [BINARY, "serve", "--data-dir", str(self.data), "--listen", self.listen]
        command += ["--site-dir", os.environ["GANTRY_SITE_DIR"], *self.flags]
        log = open(self.data / "serve.log", "ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self.ready, "the server is ready")
        text = wait_until(lambda: (self.data / "credentials.env").exists() and (self.data / "credentials.env").read_text(), "credentials")
        self.env = dict(line.split("=", 1) for line in str(text).splitlines())

    def ready(self) -> bool:
        """Whether /readyz answers."""
        try:
            authority = self.data / "tls" / "ca.pem"
            context = ssl.create_default_context(cafile=str(authority)) if self.url.startswith("https") else None
            return urllib.request.urlopen(f"{self.url}/readyz", timeout=2, context=context).status == 200
        except OSError:
            return False

    def kill9(self) -> None:
        """Kills the server as a crash would."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stops the server cleanly."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def client(self, service: str):  # noqa: ANN201 - boto3 makes its clients' types at run time
        """A boto3 client of the admin."""
        return boto3.client(
            service,
            endpoint_url=self.env["AWS_ENDPOINT_URL"],
            region_name=self.env["AWS_DEFAULT_REGION"],
            verify=self.env.get("AWS_CA_BUNDLE"),
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
        )

    def raw(self, operation: str, body: str) -> tuple[int, dict]:
        """Sends exactly `body`, signed and not looked at by any client, and answers status and body."""
        request = AWSRequest("POST", self.url + "/", data=body, headers={
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}", "Content-Type": "application/x-amz-json-1.1"})
        keys = Credentials(self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "ecs", self.env["AWS_DEFAULT_REGION"]).add_auth(request)
        plain = urllib.request.Request(request.url, data=body.encode(), headers=dict(request.headers))
        try:
            with urllib.request.urlopen(plain) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def aws(self, *words: str) -> str:
        """Runs the aws command line as the admin and answers its output."""
        env = os.environ | self.env
        return subprocess.run(["aws", *words], check=True, capture_output=True, text=True, env=env).stdout.strip()

    def push(self, name: str) -> str:
        """Makes a small image from the static busybox, pushes it, and answers its reference."""
        reference = f"{self.env['GANTRY_REGISTRY']}/{name}"
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "bin").mkdir()
            for applet in ("busybox", "sh", "sleep", "true"):
                shutil.copy("/bin/busybox", Path(folder) / "bin" / applet)
            archive = subprocess.run(["tar", "-C", folder, "-c", "bin"], check=True, capture_output=True).stdout
        subprocess.run(["docker", "import", "-", reference], input=archive, check=True, capture_output=True)
        password = self.aws("ecr", "get-login-password")
        login = ["docker", "login", "--username", "AWS", "--password-stdin", self.env["GANTRY_REGISTRY"]]
        subprocess.run(login, input=password, check=True, capture_output=True, text=True)
        docker("push", reference)
        return reference


class Host:
    """A further agent on the machine's engine."""

    def __init__(self, gantry: Gantry, name: str, zone: str, *flags: str, memory_mib: int = 256) -> None:
        self.data, self.log = gantry.data / name, gantry.data / f"{name}.log"
        self.words = [BINARY, "agent", "--server", gantry.url, "--data-dir", str(self.data),
                      "--availability-zone", zone, "--cpu", "512", "--memory-mib", str(memory_mib), *flags]
        self.token = subprocess.run([BINARY, "join-token", "create", "--data-dir", str(gantry.data)],
                                    check=True, capture_output=True, text=True).stdout.strip()
        self.process = self.start("--join-token", self.token)

    def start(self, *more: str) -> subprocess.Popen:
        """Starts the agent; with its data directory it is the same host again."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self.words, *more], stdout=log, stderr=log)
        return self.process

    def kill(self, how: int) -> None:
        """Ends the agent by a signal."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)


class Webhook(ThreadingHTTPServer):
    """A server that Gantry posts to: `answer` is given each body and its headers; no answer is a 503."""

    def __init__(self, port: int, answer: Callable[[dict, dict], dict | None]) -> None:
        super().__init__(("127.0.0.1", port), WebhookHandler)
        self.answer = answer
        self.url = f"http://127.0.0.1:{port}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class WebhookHandler(BaseHTTPRequestHandler):
    """Answers a call."""

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answer(json.loads(body), {**self.headers, "raw": body})
        text = json.dumps(answer or {}).encode()
        self.send_response(503 if answer is None else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
