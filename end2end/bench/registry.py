#!/usr/bin/env python3
"""The registry beside Debian's docker-registry: pushes, pulls, many small layers, manifests, memory.

Each round visits both in turn, so that the ratios hold on a busy machine. Both keep their bytes on the same disk; ours
asks for credentials and writes durably, the other does neither.
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from harness import Gantry, wait_until

OURS, THEIRS = 18120, 18121
LAYERS, CLIENTS, CHUNK = 40, 8, 8 << 20
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
# Row, and the ratio of ours to theirs that is aimed at; None where less is better.
ROWS = {"push": ">= 1.5", "chunked push": ">= 1.5", "pull": ">= 1.1", f"{CLIENTS} pulls": ">= 1.2",
        f"{LAYERS} small layers, s": "<= 0.3", "manifest GET/s": ">= 10", "manifest HEAD/s": ">= 10",
        "memory, MiB": "<= 100 MiB"}


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry:
    """One of the two, by its port; a connection for each thread."""

    def __init__(self, name: str, port: int, pid: int, password: str = "") -> None:
        self.name, self.port, self.pid, self.password = name, port, pid, password
        self.headers = {}
        if password:
            self.headers["Authorization"] = "Basic " + base64.b64encode(f"AWS:{password}".encode()).decode()
        self.local, self.peak = threading.local(), 0.0

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One request on the thread's connection; what is not a success or a 404 ends the measurement."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection = self.local.connection
        path = path.split(f"127.0.0.1:{self.port}")[-1]
        connection.request(method, path, body=body, headers=self.headers | {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status >= 400 and answer.status != 404:
            raise RuntimeError(f"{self.name}: {method} {path}: {answer.status} {data[:200]!r}")
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, data

    def begin(self, repository: str) -> str:
        """Opens an upload."""
        return self.call("POST", f"/v2/{repository}/blobs/uploads/")[1]["location"]

    def finish(self, location: str, digest: str, body: bytes | None = None) -> None:
        """Ends an upload."""
        self.call("PUT", f"{location}{'&' if '?' in location else '?'}digest={digest}", body)

    def push(self, repository: str, data: bytes) -> str:
        """A blob by two requests."""
        digest = digest_of(data)
        self.finish(self.begin(repository), digest, data)
        return digest

    def manifest(self, repository: str, tag: str, blobs: list[tuple[str, int]]) -> bytes:
        """A manifest of these blobs, the first one its config, pushed."""
        parts = [{"mediaType": "application/octet-stream", "digest": d, "size": s} for d, s in blobs]
        body = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0] | {
            "mediaType": "application/vnd.docker.container.image.v1+json"}, "layers": parts[1:]}).encode()
        self.call("PUT", f"/v2/{repository}/manifests/{tag}", body, Content_Type=MANIFEST)
        return body

    def memory(self) -> float:
        """MiB that the process holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def watch(self, stopped: threading.Event) -> None:
        """Keeps the highest of what the process holds."""
        while not stopped.wait(0.05):
            self.peak = max(self.peak, self.memory())


def timed(work: Callable[[], object]) -> float:
    """Seconds that it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def chunked(registry: Registry, data: bytes) -> None:
    """One layer in chunks."""
    location = registry.begin("bench")
    for at in range(0, len(data), CHUNK):
        part = data[at:at + CHUNK]
        location = registry.call("PATCH", location, part, Content_Type="application/octet-stream",
                                 Content_Range=f"{at}-{at + len(part) - 1}")[1]["location"]
    registry.finish(location, digest_of(data))


def small_layers(registry: Registry, number: int) -> None:
    """An image of many small layers, as docker pushes it."""
    blobs = []
    for layer in range(LAYERS + 1):
        data = f"{number}-{layer}-".encode() + os.urandom(4096)
        registry.call("HEAD", f"/v2/bench/blobs/{digest_of(data)}")
        blobs.append((registry.push("bench", data), len(data)))
    registry.manifest("bench", f"small{number}", blobs)


def pulls(registry: Registry, digest: str, clients: int) -> None:
    """The same layer by several curls at once: a client that costs little beside what is measured."""
    words = ["curl", "-sSf", "-o", "/dev/null", f"http://127.0.0.1:{registry.port}/v2/bench/blobs/{digest}"]
    words += ["-H", f"Authorization: {registry.headers['Authorization']}"] if registry.headers else []
    running = [subprocess.Popen(words) for _ in range(clients)]
    if any(process.wait() for process in running):
        raise RuntimeError(f"{registry.name}: a pull failed")


def rate(registry: Registry, method: str, seconds: float) -> float:
    """Requests a second by Apache's ab, which both are asked with."""
    words = ["ab", "-q", "-k", "-c", "32", "-t", str(seconds), "-n", "10000000", "-H", f"Accept: {MANIFEST}"]
    words += ["-H", f"Authorization: {registry.headers['Authorization']}"] if registry.headers else []
    words += ["-i"] if method == "HEAD" else []
    done = subprocess.run([*words, f"http://127.0.0.1:{registry.port}/v2/bench/manifests/small0"], capture_output=True,
                          text=True, check=True)
    return next(float(line.split()[3]) for line in done.stdout.splitlines() if line.startswith("Requests per second"))


def measure(registry: Registry, mib: int, number: int, seconds: float) -> dict[str, float]:
    """One round."""
    data, other = os.urandom(mib << 20), os.urandom(mib << 20)
    found = {"push": mib / timed(lambda: registry.push("bench", data)),
             "chunked push": mib / timed(lambda: chunked(registry, other))}
    found["pull"] = mib / timed(lambda: pulls(registry, digest_of(data), 1))
    found[f"{CLIENTS} pulls"] = CLIENTS * mib / timed(lambda: pulls(registry, digest_of(data), CLIENTS))
    found[f"{LAYERS} small layers, s"] = timed(lambda: small_layers(registry, number))
    found["manifest GET/s"] = rate(registry, "GET", seconds)
    found["manifest HEAD/s"] = rate(registry, "HEAD", seconds)
    return found


def docker_registry(folder: Path) -> subprocess.Popen[bytes]:
    """Debian's, on a folder of its own."""
    config = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(folder / "peer")}, "delete": {"enabled": True}},
              "http": {"addr": f"127.0.0.1:{THEIRS}"}, "log": {"level": "error", "accesslog": {"disabled": True}}}
    (folder / "peer.yml").write_text(json.dumps(config))
    return subprocess.Popen(["docker-registry", "serve", str(folder / "peer.yml")], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def is_up(port: int) -> bool:
    """Whether somebody answers."""
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).request("GET", "/v2/")
    except OSError:
        return False
    return True


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=256, help="the large layer")
    parser.add_argument("--seconds", type=int, default=4, help="for each rate")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gantry-bench-") as name, Gantry(OURS, "--no-agent") as gantry:
        gantry.client("ecr").create_repository(repositoryName="bench")
        peer = docker_registry(Path(name))
        wait_until(lambda: is_up(THEIRS), "docker-registry answers")
        assert gantry.process
        pair = (Registry("gantry", OURS, gantry.process.pid, gantry.aws("ecr", "get-login-password")),
                Registry("docker-registry", THEIRS, peer.pid))
        stopped = threading.Event()
        for registry in pair:
            threading.Thread(target=registry.watch, args=(stopped,), daemon=True).start()
        rounds: dict[str, list[dict[str, float]]] = {registry.name: [] for registry in pair}
        for number in range(flags.rounds):
            for registry in pair if number % 2 == 0 else pair[::-1]:
                rounds[registry.name].append(measure(registry, flags.mib, number, flags.seconds))
        stopped.set()
        peer.terminate()
    table([{row: statistics.median(r[row] for r in rounds[registry.name]) for row in rounds[registry.name][0]} | {
        "memory, MiB": registry.peak} for registry in pair])


def table(found: list[dict[str, float]]) -> None:
    """The medians, their ratio, and what is aimed at."""
    ours, theirs = found
    print(f"{'':22}{'gantry':>12}{'docker-registry':>18}{'ratio':>9}   aim")
    for row, aim in ROWS.items():
        print(f"{row:22}{ours[row]:12.1f}{theirs[row]:18.1f}{ours[row] / theirs[row]:9.2f}   {aim}")


if __name__ == "__main__":
    main()
