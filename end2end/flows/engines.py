#!/usr/bin/env python3
"""A second engine on a network of its own: its agent is a container and joins over TLS; the cable between is pulled."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import Gantry, check, docker, finish, wait_until

BINARY, SITE = os.environ["GANTRY_BIN"], os.environ["GANTRY_SITE_DIR"]
ROOT = Path(__file__).parents[2]
PORT = 18086
HERE, THERE = "10.99.0.1", "10.99.0.11"


def run(*words: str, **more: object) -> str:
    """Runs a command that must succeed and answers its output."""
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout.strip()


class Engine:
    """A Docker Engine in a network namespace, joined to this machine by a bridge: another host in all but the kernel."""

    def __init__(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix="ge-", dir="/run"))
        self.host = f"unix://{self.dir}/docker.sock"
        self.name, self.bridge, self.cable = "gantry-there", "gantrybr", "gantryveth"

    def __enter__(self) -> "Engine":
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "addr", "add", f"{HERE}/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", self.cable, "master", self.bridge, "up")
        for words in (["addr", "add", f"{THERE}/24", "dev", "eth0"], ["link", "set", "eth0", "up"],
                      ["link", "set", "lo", "up"], ["route", "add", "default", "via", HERE]):
            run("ip", "-n", self.name, *words)
        self.start()
        return self

    def start(self) -> None:
        """Starts the engine, as a host does that boots."""
        command = ["nsenter", f"--net=/run/netns/{self.name}", "dockerd", "--data-root", str(self.dir / "data"),
                   "--exec-root", str(self.dir / "exec"), "--pidfile", str(self.dir / "pid"), "--host", self.host,
                   "--bip", "172.30.1.1/24"]
        with (self.dir / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self.answers, "the second engine answers")

    def __exit__(self, *_: object) -> None:
        for container in self.docker("ps", "-aq").split():
            self.docker("rm", "-f", container)
        self.stop()
        run("ip", "link", "delete", self.cable)
        run("ip", "link", "delete", self.bridge)
        run("ip", "netns", "delete", self.name)
        # The engine leaves namespaces mounted, which would live on with what is in them.
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in (m for m in reversed(mounts) if m.startswith(str(self.dir))):
            run("umount", "--lazy", mount)
        shutil.rmtree(self.dir)

    def stop(self) -> None:
        """Stops the engine and with it every container, as a host does that shuts down."""
        self.process.terminate()
        self.process.wait(60)

    def answers(self) -> bool:
        return subprocess.run(["docker", "-H", self.host, "info"], capture_output=True).returncode == 0

    def docker(self, *words: str) -> str:
        """Runs docker on this engine."""
        return docker("-H", self.host, *words)

    def plug(self, state: str) -> None:
        """Pulls the cable (`down`) or puts it back (`up`)."""
        run("ip", "link", "set", self.cable, state)


class TrustedRegistry:
    """Both engines take the registry's certificate, by the folder that Docker looks into."""

    def __init__(self, gantry: Gantry) -> None:
        self.folder = Path("/etc/docker/certs.d") / gantry.env["GANTRY_REGISTRY"]
        self.authority = gantry.env["AWS_CA_BUNDLE"]

    def __enter__(self) -> None:
        self.folder.mkdir(parents=True)
        shutil.copy(self.authority, self.folder / "ca.crt")

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)


def main() -> None:
    """The steps, in order."""
    with Engine() as engine, Gantry(PORT, host=HERE) as gantry, TrustedRegistry(gantry):
        joining(gantry, engine)
        spreading(gantry, engine)
        pulling_the_cable(gantry, engine)
        rebooting(gantry, engine)
        giving_up(gantry, engine)
    finish()


def token(gantry: Gantry) -> str:
    return run(BINARY, "join-token", "create", "--data-dir", str(gantry.data))


def joining(gantry: Gantry, engine: Engine) -> None:
    """The agent's image is made and run as a user would."""
    run(str(ROOT / ".ci" / "image"), BINARY, SITE, "gantry:flow", env=os.environ | {"DOCKER_HOST": engine.host})
    good = token(gantry)
    secret, pin = good.split(".")
    other = f"{secret}.{'0' * len(pin)}"
    refused = subprocess.run([BINARY, "agent", "--server", gantry.url, "--data-dir", str(gantry.data / "tricked"),
                              "--join-token", other], capture_output=True, text=True)
    check("a host does not show its token to another authority",
          refused.returncode != 0 and "authority" in refused.stderr, refused.stderr)
    plain = subprocess.run([BINARY, "agent", "--server", gantry.url.replace("https", "http"), "--data-dir",
                            str(gantry.data / "plain"), "--join-token", good], capture_output=True, text=True)
    check("the listener speaks nothing but TLS", plain.returncode != 0, plain.stderr)
    engine.docker("run", "--detach", "--name", "agent", "--restart", "always", "--network", "host", "--volume",
                  f"{engine.dir}/docker.sock:/var/run/docker.sock", "--volume", "agent:/var/lib/gantry-agent",
                  "gantry:flow", "agent", "--server", gantry.url, "--join-token", good,
                  "--availability-zone", "us-east-1b", "--cpu", "1024", "--memory-mib", "512")
    wait_until(lambda: len(hosts(gantry)) == 2, "the host joins")
    check("an agent in a container joins over TLS", all(h["agentConnected"] for h in hosts(gantry).values()))


def hosts(gantry: Gantry) -> dict[str, dict]:
    """The container instances by their zone."""
    ecs = gantry.client("ecs")
    arns = ecs.list_container_instances()["containerInstanceArns"]
    found = ecs.describe_container_instances(containerInstances=arns)["containerInstances"] if arns else []
    zone = lambda i: next(a["value"] for a in i["attributes"] if a["name"] == "ecs.availability-zone")  # noqa: E731
    return {zone(i): i for i in found}


def spreading(gantry: Gantry, engine: Engine) -> None:
    """A service runs on both hosts, its image pulled over TLS."""
    ecs = gantry.client("ecs")
    gantry.client("ecr").create_repository(repositoryName="web")
    app = {"name": "app", "image": gantry.push("web:1"), "memory": 16, "stopTimeout": 2,
           "portMappings": [{"containerPort": 80}], "dockerLabels": {"gantry.flow": gantry.data.name},
           "command": ["/bin/sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"]}
    ecs.register_task_definition(family="web", containerDefinitions=[app])
    ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=2)
    wait_until(lambda: steady(gantry, 2), "the service runs")
    tasks = running(gantry)
    check("its tasks are in both zones", {t["availabilityZone"] for t in tasks} == {"us-east-1a", "us-east-1b"}, tasks)
    mine = engine.docker("ps", "-q", "--filter", f"label=gantry.flow={gantry.data.name}").split()
    check("one of its containers is on the second engine", len(mine) == 1, mine)


def running(gantry: Gantry) -> list[dict]:
    ecs = gantry.client("ecs")
    arns = ecs.list_tasks(serviceName="web")["taskArns"]
    return ecs.describe_tasks(tasks=arns)["tasks"] if arns else []


def steady(gantry: Gantry, count: int) -> bool:
    service = gantry.client("ecs").describe_services(services=["web"])["services"][0]
    return service["runningCount"] == count and service["pendingCount"] == 0


def pulling_the_cable(gantry: Gantry, engine: Engine) -> None:
    """A host that is cut off works on and is found again as it was."""
    before = {t["taskArn"] for t in running(gantry)}
    containers = lambda: engine.docker("ps", "-q", "--filter", f"label=gantry.flow={gantry.data.name}")  # noqa: E731
    ran = containers()
    engine.plug("down")
    wait_until(lambda: not hosts(gantry)["us-east-1b"]["agentConnected"], "the host is missed", 240)
    check("its containers run on without it", containers() == ran)
    engine.plug("up")
    wait_until(lambda: hosts(gantry)["us-east-1b"]["agentConnected"], "the host is found again", 240)
    check("it is the host that it was, with its task", {t["taskArn"] for t in running(gantry)} == before)


def rebooting(gantry: Gantry, engine: Engine) -> None:
    """AG-09: after a host has booted its tasks are known to have ended, and are replaced."""
    before = {t["taskArn"] for t in running(gantry)}
    engine.stop()
    engine.start()
    others = lambda: {t["taskArn"] for t in running(gantry)} != before  # noqa: E731
    wait_until(lambda: others() and steady(gantry, 2), "the service refills", 180)
    gone = before - {t["taskArn"] for t in running(gantry)}
    stopped = gantry.client("ecs").describe_tasks(tasks=sorted(gone))["tasks"]
    check("AG-09 a reboot ends tasks with a reason", [bool(t["stoppedReason"]) for t in stopped] == [True], stopped)
    words = ["ps", "-q", "--filter", f"label=gantry.flow={gantry.data.name}"]
    mine = (docker(*words) + "\n" + engine.docker(*words)).split()
    check("AG-09 and leaves no doubles", len(mine) == 2, mine)


def giving_up(gantry: Gantry, engine: Engine) -> None:
    """AG-10: tasks of a host that is silent for long are handed over; when it is back, there are not too many."""
    gantry.stop()
    gantry.flags = (*gantry.flags, "--disconnect-timeout-s", "5")
    gantry.start()
    wait_until(lambda: len(hosts(gantry)) == 2 and all(h["agentConnected"] for h in hosts(gantry).values()), "both are back")
    engine.plug("down")
    here = lambda: {t["availabilityZone"] for t in running(gantry)} == {"us-east-1a"}  # noqa: E731
    wait_until(lambda: here() and steady(gantry, 2), "the other host takes over", 300)
    check("AG-10 a silent host is given up after its time", True)
    engine.plug("up")
    mine = lambda: engine.docker("ps", "-q", "--filter", f"label=gantry.flow={gantry.data.name}")  # noqa: E731
    wait_until(lambda: not mine(), "what was handed over is stopped when the host is back", 300)
    check("AG-10 and what was handed over is stopped when it is back", steady(gantry, 2))


if __name__ == "__main__":
    main()
