#!/usr/bin/env python3
"""What containers may ask about themselves: the task metadata endpoint in each network mode, and their protection."""

import json
import subprocess
import sys

from harness import Gantry, check, docker, finish, wait_until

PORT = 18087
TRAP = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"


# Asks for a URL with a method and a body, and prints the status and the answer.
CLIENT = """
import sys, urllib.error, urllib.request
url, method, body = sys.argv[1:]
asked = urllib.request.Request(url, method=method, data=body.encode() or None,
                               headers={"Content-Type": "application/json"})
try:
    answer = urllib.request.urlopen(asked, timeout=20)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""


def ask(container: str, variable: str, path: str = "", method: str = "GET", body: object = None) -> tuple[int, object]:
    """Asks in the network of a container, at the address that its environment has, and answers status and body."""
    found = json.loads(docker("inspect", container))[0]
    address = dict(line.split("=", 1) for line in found["Config"]["Env"])[variable]
    words = ["nsenter", "--target", str(found["State"]["Pid"]), "--net", sys.executable, "-c", CLIENT,
             address + path, method, json.dumps(body) if body else ""]
    status, _, text = subprocess.run(words, check=True, capture_output=True, text=True).stdout.partition(" ")
    return int(status), json.loads(text)


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT) as gantry:
        gantry.client("ecr").create_repository(repositoryName="web")
        image, ecs = gantry.push("web:1"), gantry.client("ecs")
        wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        for mode in ("bridge", "host", "awsvpc"):
            in_mode(gantry, ecs, image, mode)
        protecting(gantry, ecs, image)
    finish()


def container_of(gantry: Gantry, image: str, **members: object) -> dict:
    return {"name": "app", "image": image, "memory": 16, "stopTimeout": 2, "command": ["/bin/sh", "-c", TRAP],
            "dockerLabels": {"gantry.flow": gantry.data.name}} | members


def runs(ecs: object, arn: str) -> dict:
    """The task once it is RUNNING."""
    described = lambda: ecs.describe_tasks(tasks=[arn])["tasks"][0]  # noqa: E731
    return wait_until(lambda: (t := described())["lastStatus"] == "RUNNING" and t, "the task runs")


def in_mode(gantry: Gantry, ecs: object, image: str, mode: str) -> None:
    """A task of one network mode asks about itself."""
    network = {"awsvpcConfiguration": {"subnets": ["subnet-a"]}} if mode == "awsvpc" else None
    ports = [{"containerPort": 8081}]
    ecs.register_task_definition(family=mode, networkMode=mode,
                                 containerDefinitions=[container_of(gantry, image, portMappings=ports)])
    started = ecs.run_task(taskDefinition=mode, tags=[{"key": "team", "value": "blue"}],
                           **({"networkConfiguration": network} if network else {}))["tasks"][0]
    task = runs(ecs, started["taskArn"])
    container = task["containers"][0]
    identity, variable = container["runtimeId"], "ECS_CONTAINER_METADATA_URI_V4"

    status, own = ask(identity, variable)
    check(f"{mode}: a container knows itself", (status, own.get("ContainerARN"), own.get("DockerId")) ==
          (200, container["containerArn"], identity), own)
    seen = own["Networks"][0]
    expected = {"bridge": docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", identity), "host": None,
                "awsvpc": container["networkInterfaces"][0]["privateIpv4Address"] if mode == "awsvpc" else None}[mode]
    check(f"{mode}: and its network", seen["NetworkMode"] == mode and
          (seen.get("IPv4Addresses") or [None])[0] == expected, seen)
    if mode == "bridge":
        binding = container["networkBindings"][0]
        check("bridge: and its ports", own["Ports"][0]["HostPort"] == binding["hostPort"], own)
    status, whole = ask(identity, variable, "/task")
    check(f"{mode}: it knows its task", (whole["TaskARN"], whole["Family"], whole["Revision"], whole["KnownStatus"]) ==
          (task["taskArn"], mode, "1", "RUNNING") and [c["Name"] for c in whole["Containers"]] == ["app"], whole)
    status, tagged = ask(identity, variable, "/taskWithTags")
    check(f"{mode}: and its tags", tagged.get("TaskTags") == {"team": "blue"}, tagged)
    status, used = ask(identity, variable, "/stats")
    check(f"{mode}: and what it uses", used.get("memory_stats", {}).get("usage", 0) > 0, used)
    status, nobody = ask(identity, "ECS_AGENT_URI", "0/task-protection/v1/state")
    check(f"{mode}: an id that is nobody's is answered by nothing", status == 404, nobody)
    ecs.stop_task(task=task["taskArn"])


def protecting(gantry: Gantry, ecs: object, image: str) -> None:
    """A task of a service protects itself; one of no service is told that it cannot."""
    ecs.register_task_definition(family="worker", containerDefinitions=[container_of(gantry, image)])
    ecs.create_service(serviceName="worker", taskDefinition="worker", desiredCount=1)
    arn = wait_until(lambda: ecs.list_tasks(serviceName="worker")["taskArns"], "the service starts its task")[0]
    identity = runs(ecs, arn)["containers"][0]["runtimeId"]
    state = "/task-protection/v1/state"
    asked = {"ProtectionEnabled": True, "ExpiresInMinutes": 5}
    status, answer = ask(identity, "ECS_AGENT_URI", state, "PUT", asked)
    check("a task protects itself", answer.get("protection", {}).get("ProtectionEnabled") is True, answer)
    known = ecs.get_task_protection(cluster="default", tasks=[arn])["protectedTasks"][0]
    check("the control plane knows", known["protectionEnabled"], known)
    status, answer = ask(identity, "ECS_AGENT_URI", state)
    check("and so does the task", answer["protection"]["ProtectionEnabled"] and answer["protection"]["TaskArn"] == arn)
    status, answer = ask(identity, "ECS_AGENT_URI", state, "PUT", {"ProtectionEnabled": True, "ExpiresInMinutes": 0})
    check("a time out of bounds is refused with its code",
          (status, answer["error"]["Code"]) == (400, "InvalidParameterException"), answer)
    single = runs(ecs, ecs.run_task(taskDefinition="worker")["tasks"][0]["taskArn"])["containers"][0]["runtimeId"]
    status, answer = ask(single, "ECS_AGENT_URI", state, "PUT", asked)
    check("a task of no service cannot", answer.get("failure", {}).get("Reason") == "TASK_NOT_VALID", answer)


if __name__ == "__main__":
    main()
