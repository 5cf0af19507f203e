#!/usr/bin/env python3
"""The proxy beside Debian's haproxy: the same requests to the same backends, in turns, in one run. The numbers of a machine mean
little; their ratio is what is looked at."""

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
from pathlib import Path

from harness import check, finish, wait_until

BACKENDS, OURS, THEIRS = range(18191, 18196), 18190, 18189
NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000; server {{ {listens} location / {{ return 200 "hello from a backend\\n"; }} }} }}
"""
HAPROXY = """global
  maxconn 8192
  nbthread {threads}
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  option forwardfor
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  balance roundrobin
  http-reuse always
{servers}
"""
SCOPE = {"account": "000000000000", "region": "us-east-1"}
PREFIX = "arn:aws:elasticloadbalancing:us-east-1:000000000000:"


def traffic(backends: list[int]) -> dict:
    """A load balancer that sends to `backends`."""
    balancer, group = f"{PREFIX}loadbalancer/app/bench/0000000000000001", f"{PREFIX}targetgroup/bench/0000000000000002"
    check_ = {"protocol": "HTTP", "port": None, "path": "/", "intervalS": 30, "timeoutS": 5, "healthyThreshold": 2,
              "unhealthyThreshold": 2, "matcher": "200"}
    return {
        "loadBalancers": [{"scope": SCOPE, "name": "bench", "id": "0000000000000001", "kind": "application", "internal": False,
                           "subnets": [], "securityGroups": [], "ipAddressType": "ipv4", "dnsName": "bench", "attributes": {},
                           "createdAt": 0}],
        "listeners": [{"arn": "l", "loadBalancer": balancer, "port": OURS, "protocol": "HTTP", "sslPolicy": None, "certificates": [],
                       "defaultAction": {"type": "forward", "groups": [{"group": group, "weight": 1}], "stickinessS": None},
                       "defaultRule": "r"}],
        "rules": [], "certificates": [],
        "targetGroups": [{"scope": SCOPE, "name": "bench", "id": "0000000000000002", "protocol": "HTTP", "protocolVersion": "HTTP1",
                          "port": 80, "targetType": "ip", "vpcId": None, "healthCheck": check_, "attributes": {}, "createdAt": 0}],
        "targets": [{"group": group, "id": "127.0.0.1", "port": port, "address": "127.0.0.1", "availabilityZone": None,
                     "registeredAt": 0, "state": "healthy"} for port in backends],
    }


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def measure(port: int, seconds: int) -> tuple[float, float]:
    """Requests a second, and the 99th percentile in milliseconds, with 64 connections."""
    command = ["wrk", "-t2", "-c64", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}/"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in text and "Socket errors" not in text, text
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def compare(folder: Path, backends: list[int], rounds: int, seconds: int) -> None:
    """Both in turns, and the medians of their ratios."""
    (folder / "traffic.json").write_text(json.dumps(traffic(backends)))
    servers = "\n".join(f"  server s{port} 127.0.0.1:{port}" for port in backends)
    (folder / "haproxy.cfg").write_text(HAPROXY.format(threads=os.cpu_count(), port=THEIRS, servers=servers))
    with subprocess.Popen([os.environ["CARRY"], str(folder / "traffic.json")]) as ours, \
            subprocess.Popen(["haproxy", "-f", str(folder / "haproxy.cfg")]) as theirs:
        wait_until(lambda: listens(OURS) and listens(THEIRS), "both listen")
        rates, tails = [], []
        for number in range(rounds):
            pair = {}
            for port in (OURS, THEIRS) if number % 2 else (THEIRS, OURS):
                pair[port] = measure(port, seconds)
            rates.append(pair[OURS][0] / pair[THEIRS][0])
            tails.append(pair[OURS][1] / pair[THEIRS][1])
            print(f"  {len(backends)} backends: ours {pair[OURS][0]:.0f}/s p99 {pair[OURS][1]:.2f} ms, "
                  f"haproxy {pair[THEIRS][0]:.0f}/s p99 {pair[THEIRS][1]:.2f} ms", flush=True)
        rate, tail = statistics.median(rates), statistics.median(tails)
        check(f"{len(backends)} backends: at least 0.8 of haproxy's requests a second ({rate:.2f})", rate >= 0.8, rate)
        check(f"{len(backends)} backends: at most 1.25 of its p99 ({tail:.2f})", tail <= 1.25, tail)
        ours.terminate(), theirs.terminate()


def main() -> None:
    """Prints the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ports = " ".join(f"listen 127.0.0.1:{port};" for port in BACKENDS)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, listens=ports))
        with subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL) as nginx:
            wait_until(lambda: all(listens(port) for port in BACKENDS), "the backends listen")
            compare(folder, list(BACKENDS)[:1], arguments.rounds, arguments.seconds)
            compare(folder, list(BACKENDS), arguments.rounds, arguments.seconds)
            nginx.terminate()
    finish()


if __name__ == "__main__":
    main()
