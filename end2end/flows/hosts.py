#!/usr/bin/env python3
"""Hosts that join: three on one engine, in three zones; spread, packed, chosen, drained, silent and back, gone."""

import signal
import subprocess
from collections import Counter

from harness import BINARY, Gantry, Host, check, docker, finish, wait_until

PORT = 18084


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT, "--no-agent") as gantry:
        ecs, ecr = gantry.client("ecs"), gantry.client("ecr")
        ecr.create_repository(repositoryName="web")
        image = gantry.push("web:1")
        ecs.create_cluster(clusterName="default")
        hosts = [Host(gantry, "one", "us-east-1a", "--attribute", "disk=ssd"), Host(gantry, "two", "us-east-1b"),
                 Host(gantry, "three", "us-east-1c", "--instance-type", "m5.large")]
        try:
            steps(gantry, ecs, image, hosts)
        finally:
            for host in hosts:
                host.kill(signal.SIGKILL)
    finish()


def steps(gantry: Gantry, ecs: object, image: str, hosts: list[Host]) -> None:  # noqa: PLR0915 - one story
    """What happens on the three hosts."""
    def instances() -> list[dict]:
        arns = ecs.list_container_instances()["containerInstanceArns"]
        found = ecs.describe_container_instances(containerInstances=arns)["containerInstances"] if arns else []
        return sorted(found, key=zone)

    def zone(instance: dict) -> str:
        return next(a["value"] for a in instance["attributes"] if a["name"] == "ecs.availability-zone")

    def tasks(name: str) -> list[dict]:
        arns = ecs.list_tasks(serviceName=name)["taskArns"]
        return ecs.describe_tasks(tasks=arns)["tasks"] if arns else []

    def steady(name: str, count: int) -> bool:
        service = ecs.describe_services(services=[name])["services"][0]
        return service["runningCount"] == count and service["pendingCount"] == 0

    connected = lambda n: sum(i["agentConnected"] for i in instances()) == n  # noqa: E731
    wait_until(lambda: connected(3), "three hosts join")
    check("each host is in its zone", [zone(i) for i in instances()] == ["us-east-1a", "us-east-1b", "us-east-1c"])
    sizes = [r["integerValue"] for r in instances()[0]["registeredResources"] if r["name"] in ("CPU", "MEMORY")]
    check("a host offers what it was told to", sizes == [512, 256], sizes)
    again = subprocess.run([BINARY, "agent", "--server", gantry.url, "--data-dir", str(gantry.data / "thief"),
                            "--join-token", hosts[0].token], capture_output=True, text=True)
    check("a token works once", again.returncode != 0 and "was used" in again.stderr, again.stderr)

    trap = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"
    app = {"name": "app", "image": image, "cpu": 64, "memory": 32, "stopTimeout": 2,
           "command": ["/bin/sh", "-c", trap], "dockerLabels": {"gantry.flow": gantry.data.name}}
    ecs.register_task_definition(family="web", containerDefinitions=[app])
    ecs.create_service(serviceName="spread", taskDefinition="web", desiredCount=6)
    wait_until(lambda: steady("spread", 6), "six tasks run")
    zones = Counter(t["availabilityZone"] for t in tasks("spread"))
    check("a service spreads over the zones", sorted(zones.values()) == [2, 2, 2], zones)

    packed = ecs.run_task(taskDefinition="web", count=2, placementStrategy=[{"type": "binpack", "field": "memory"}])
    check("binpack fills one host", len({t["containerInstanceArn"] for t in packed["tasks"]}) == 1, packed)
    fast = ecs.run_task(taskDefinition="web", placementConstraints=[
        {"type": "memberOf", "expression": "attribute:disk == ssd"}])["tasks"][0]
    check("memberOf chooses by a custom attribute", fast["containerInstanceArn"] == instances()[0]["containerInstanceArn"])
    for task in [*packed["tasks"], fast]:
        ecs.stop_task(task=task["taskArn"])

    drained = instances()[1]["containerInstanceArn"]
    ecs.update_container_instances_state(containerInstances=[drained], status="DRAINING")
    moved = lambda: steady("spread", 6) and all(t["containerInstanceArn"] != drained for t in tasks("spread"))  # noqa: E731
    wait_until(moved, "a drained host's tasks move")
    check("the host is DRAINING and empty of the service", instances()[1]["status"] == "DRAINING")
    ecs.update_container_instances_state(containerInstances=[drained], status="ACTIVE")
    evenly = lambda: steady("spread", 6) and sorted(  # noqa: E731
        Counter(t["availabilityZone"] for t in tasks("spread")).values()) == [2, 2, 2]
    wait_until(evenly, "tasks move back to the host that takes some again")
    said = [event["message"] for event in ecs.describe_services(services=["spread"])["services"][0]["events"]]
    check("the service says that it moved them", any("AZ Rebalancing in progress." in text for text in said)
          and wait_until(lambda: any(text.endswith("is AZ balanced.") for text in [
              event["message"] for event in ecs.describe_services(services=["spread"])["services"][0]["events"]]),
              "and that they lie evenly"), said)

    mine = lambda: sorted(docker("ps", "-q", "--filter", f"label=gantry.flow={gantry.data.name}").split())  # noqa: E731
    wait_until(lambda: len(mine()) == 6, "only the service's containers are left")
    before = mine()
    hosts[2].kill(signal.SIGKILL)
    wait_until(lambda: connected(2), "a killed agent is seen to be away")
    check("its containers go on", mine() == before, mine())
    hosts[2].start()
    wait_until(lambda: connected(3), "it comes back without a token")
    check("as the host that it was, with what it ran", len(instances()) == 3 and mine() == before, mine())

    hosts[2].process.send_signal(signal.SIGSTOP)
    lost = docker("ps", "-q", "--filter", f"label=gantry.flow={gantry.data.name}", "--filter",
                  f"label=com.amazonaws.ecs.task-arn={next(t['taskArn'] for t in tasks('spread') if t['availabilityZone'] == 'us-east-1c')}")
    dying = next(t for t in tasks("spread") if t["containers"][0]["runtimeId"].startswith(lost))
    docker("kill", lost)
    hosts[2].process.send_signal(signal.SIGCONT)
    ended = wait_until(lambda: (t := ecs.describe_tasks(tasks=[dying["taskArn"]])["tasks"][0])["lastStatus"] == "STOPPED" and t,
                       "an agent that was suspended sees what died meanwhile")
    check("AG-19 with its exit code", ended["containers"][0]["exitCode"] == 137, ended)
    wait_until(lambda: steady("spread", 6), "and it is replaced")

    hosts[0].kill(signal.SIGTERM)
    hosts[0].words[hosts[0].words.index("--memory-mib") + 1] = "200"
    hosts[0].start()
    memory = lambda part: next(r["integerValue"] for r in instances()[0][part] if r["name"] == "MEMORY")  # noqa: E731
    wait_until(lambda: memory("registeredResources") == 200, "AG-13: a host registers another size")
    used = sum(32 for t in tasks("spread") if t["availabilityZone"] == "us-east-1a")
    check("AG-13 what remains follows", memory("remainingResources") == 200 - used, [memory("remainingResources"), used])

    leaving = instances()[2]["containerInstanceArn"]
    hosts[2].kill(signal.SIGTERM)
    ecs.deregister_container_instance(containerInstance=leaving, force=True)
    wait_until(lambda: steady("spread", 6) and len(instances()) == 2, "a host that leaves is replaced by the others")
    zones = Counter(t["availabilityZone"] for t in tasks("spread"))
    check("the rest carries its tasks", set(zones) == {"us-east-1a", "us-east-1b"}, zones)


if __name__ == "__main__":
    main()
