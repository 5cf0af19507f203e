#!/usr/bin/env python3
"""`gantry backup` while images are pushed and a service runs; a server that starts on the copy has all that was there."""

import shutil
import subprocess
import threading
from pathlib import Path

from harness import BINARY, Gantry, check, docker, finish, wait_until

PORT, RESTORED_PORT = 18140, 18141


def main() -> None:
    """Two backups of one server, the second while it is pushed to, and a server on the copy."""
    with Gantry(PORT, "--no-agent") as gantry:
        ecr, copy = gantry.client("ecr"), gantry.data.parent / f"{gantry.data.name}-copy"
        ecr.create_repository(repositoryName="app")
        gantry.client("ecs").create_cluster(clusterName="kept")
        gantry.push("app:first")
        first = backup(gantry, copy)
        check("a backup is made while the server runs", "copied now" in first, first)
        stopped, pushed = threading.Event(), []
        thread = threading.Thread(target=push_on, args=(gantry, stopped, pushed))
        thread.start()
        wait_until(lambda: pushed, "an image is pushed")
        acknowledged = list(pushed)
        second = backup(gantry, copy)
        stopped.set()
        thread.join()
        check("a second backup copies what is new", second != first, second)
        restored(gantry, copy, ["first", *acknowledged])
        shutil.rmtree(copy)
    finish()


def backup(gantry: Gantry, to: Path) -> str:
    """What the command prints."""
    words = [BINARY, "backup", "--data-dir", str(gantry.data), "--to", str(to)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def push_on(gantry: Gantry, stopped: threading.Event, pushed: list[str]) -> None:
    """Pushes images, each of its own layer, until told to stop."""
    number = 0
    while not stopped.is_set():
        gantry.push(f"app:{number}")
        pushed.append(str(number))
        number += 1


def restored(gantry: Gantry, copy: Path, tags: list[str]) -> None:
    """A server on the copy knows the clusters, the keys and every image that was acknowledged before."""
    with Gantry(RESTORED_PORT, "--no-agent") as other:
        other.stop()
        shutil.rmtree(other.data)
        shutil.copytree(copy, other.data)
        other.start()
        other.env["AWS_ACCESS_KEY_ID"] = gantry.env["AWS_ACCESS_KEY_ID"]
        other.env["AWS_SECRET_ACCESS_KEY"] = gantry.env["AWS_SECRET_ACCESS_KEY"]
        clusters = other.client("ecs").list_clusters()["clusterArns"]
        check("the copy knows the clusters, and the same key opens it", clusters[0].endswith("cluster/kept"), clusters)
        registry = other.env["GANTRY_REGISTRY"]
        subprocess.run(["docker", "login", "-u", "AWS", "--password-stdin", registry],
                       input=other.aws("ecr", "get-login-password"), check=True, capture_output=True, text=True)
        for tag in tags:
            docker("pull", f"{registry}/app:{tag}")
        said = docker("run", "--rm", f"{registry}/app:{tags[-1]}", "/bin/busybox", "echo", "restored")
        check("every image that was acknowledged before the backup pulls and runs", said == "restored", said)
        docker("rmi", *[f"{registry}/app:{tag}" for tag in tags])


if __name__ == "__main__":
    main()
