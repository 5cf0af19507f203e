#!/usr/bin/env python3
"""Cases that public bug reports tell of, each with its small input, against real containers."""

import json

from botocore.exceptions import ClientError

from harness import Gantry, check, docker, finish, wait_until

PORT = 18085
TRAP = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"


class Cases:
    """The clients and what every case needs."""

    def __init__(self, gantry: Gantry) -> None:
        self.gantry, self.ecs = gantry, gantry.client("ecs")
        gantry.client("ecr").create_repository(repositoryName="bb")
        self.image = gantry.push("bb:1")
        wait_until(lambda: self.ecs.list_container_instances()["containerInstanceArns"], "the agent registers")

    def container(self, name: str = "a", **members: object) -> dict:
        """A container that runs until it is stopped, with `members` added or replaced."""
        base = {"name": name, "image": self.image, "memory": 16, "stopTimeout": 2, "command": ["/bin/sh", "-c", TRAP],
                "dockerLabels": {"gantry.flow": self.gantry.data.name}}
        return base | members

    def register(self, family: str, *containers: dict) -> str:
        """Registers a definition and answers `family:revision`."""
        made = self.ecs.register_task_definition(family=family, containerDefinitions=list(containers))["taskDefinition"]
        return f"{made['family']}:{made['revision']}"

    def run(self, family: str, *containers: dict) -> str:
        """Runs one task of `containers` and answers its ARN."""
        return self.ecs.run_task(taskDefinition=self.register(family, *containers))["tasks"][0]["taskArn"]

    def task(self, arn: str) -> dict:
        """A task as it is now."""
        return self.ecs.describe_tasks(tasks=[arn])["tasks"][0]

    def ends(self, arn: str, what: str) -> dict:
        """The task once it is STOPPED."""
        return wait_until(lambda: (t := self.task(arn))["lastStatus"] == "STOPPED" and t, what)

    def service(self, name: str) -> dict:
        """A service as it is now."""
        return self.ecs.describe_services(services=[name])["services"][0]


def services(cases: Cases) -> None:
    """SV: services and their deployments."""
    ecs, bad = cases.ecs, ["/bin/sh", "-c", "exit 1"]
    good, gone = cases.register("f", cases.container()), cases.register("f", cases.container(image=cases.image[:-1] + "9"))
    breaker = {"enable": True, "rollback": True, "thresholdConfiguration": {"type": "COUNT", "value": 1}}
    made = cases.gantry.raw("CreateService", json.dumps({
        "serviceName": "s", "taskDefinition": good, "desiredCount": 1,
        "deploymentConfiguration": {"deploymentCircuitBreaker": breaker}}))
    check("SV-03 a service takes a threshold", made[0] == 200, made)
    settled = lambda: cases.service("s")["deployments"][0]["rolloutState"] == "COMPLETED"  # noqa: E731
    wait_until(settled, "SV-03: the first deployment completes")
    ecs.update_service(service="s", taskDefinition=gone)
    history = lambda: ecs.list_service_deployments(service="s")["serviceDeployments"]  # noqa: E731
    wait_until(lambda: history()[0]["status"] == "ROLLBACK_SUCCESSFUL", "SV-03: rolled back")
    failed = ecs.describe_service_deployments(serviceDeploymentArns=[history()[0]["serviceDeploymentArn"]])
    count = failed["serviceDeployments"][0]["deploymentCircuitBreaker"]["failureCount"]
    check("SV-03 a threshold of one opens the breaker after one failure", count == 1, failed)
    ecs.delete_service(service="s", force=True)

    stuck = cases.register("g", cases.container(command=bad))
    ecs.create_service(serviceName="bad", taskDefinition=stuck, desiredCount=1)
    wait_until(lambda: cases.service("bad")["deployments"][0]["failedTasks"] >= 1, "SV-06: it fails")
    said = lambda text: any(text in e["message"] for e in cases.service("bad")["events"])  # noqa: E731
    wait_until(lambda: said("exit code 1"), "SV-08: the events say why")
    ecs.update_service(service="bad", taskDefinition=cases.register("g", cases.container()))
    wait_until(lambda: cases.service("bad")["deployments"][0]["rolloutState"] == "COMPLETED", "SV-06: mended")
    check("SV-06 a failing service takes an update at once", True)
    ecs.update_service(service="bad", taskDefinition=stuck)
    ecs.delete_service(service="bad", force=True)
    wait_until(lambda: cases.service("bad")["status"] == "INACTIVE", "SV-06: deleted while it fails")
    check("SV-06 and is deleted by force while it fails", True)

    status, error = cases.gantry.raw("DescribeTasks", '{"tasks":[]}')
    check("SV-11 an empty list of tasks is refused", (status, error["message"]) == (400, "Tasks cannot be empty."), error)


def definitions(cases: Cases) -> None:
    """TD: task definitions as tools write them."""
    one = json.dumps(cases.container())
    for body in ('{"family":"f","containerDefinitions":[null]}',
                 '{"family":"f","containerDefinitions":[%s]}' % one.replace("}}", '},"portMappings":[null]}')):
        status, error = cases.gantry.raw("RegisterTaskDefinition", body)
        check("TD-09 a null in a list is refused", status == 400 and error["__type"] != "ServerException", error)
    unset = cases.container() | {"entryPoint": None, "dependsOn": None, "dnsServers": None}
    status, made = cases.gantry.raw("RegisterTaskDefinition", json.dumps({"family": "td", "containerDefinitions": [unset]}))
    kept = made["taskDefinition"]["containerDefinitions"][0] if status == 200 else {}
    check("TD-12 a null member is an absent one", status == 200 and not {"entryPoint", "dependsOn"} & kept.keys(), made)
    order = [{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}]
    described = cases.ecs.describe_task_definition(taskDefinition=cases.register("td", cases.container(environment=order)))
    kept = described["taskDefinition"]["containerDefinitions"][0]["environment"]
    check("TD-01 the environment keeps its order", kept == order, kept)
    check("AP-04 a definition says what it requires", bool(described["taskDefinition"]["requiresAttributes"]), described)
    secret = cases.container(repositoryCredentials={"credentialsParameter": ""})
    for body in ({"tags": []}, {"containerDefinitions": [secret]}):
        whole = {"family": "td", "containerDefinitions": [cases.container()]} | body
        status, error = cases.gantry.raw("RegisterTaskDefinition", json.dumps(whole))
        check("TD-11 an empty list of tags and an empty credential are refused", status == 400, error)
    for depends in ([{"containerName": "b", "condition": "START"}], [{"containerName": "ghost", "condition": "START"}]):
        try:
            cases.register("td", cases.container(dependsOn=depends),
                           cases.container("b", dependsOn=[{"containerName": "a", "condition": "START"}]))
            check("AG-06 a cycle and an unknown name are refused", False, depends)
        except ClientError as error:
            check("AG-06 a cycle and an unknown name are refused", error.response["Error"]["Code"] == "ClientException", error)


def tasks(cases: Cases) -> None:
    """AG: the life of tasks on a host."""
    missing = cases.container("a", essential=False, image=cases.image[:-1] + "9")
    stopped = cases.ends(cases.run("ag", missing, cases.container("b", dependsOn=[
        {"containerName": "a", "condition": "START"}])), "AG-01: the task ends")
    check("AG-01 a dependency that cannot be pulled ends the task", "a" in stopped["stoppedReason"], stopped["stoppedReason"])

    fails = cases.container("init", essential=False, command=["/bin/sh", "-c", "exit 1"])
    stopped = cases.ends(cases.run("ag", fails, cases.container("main", dependsOn=[
        {"containerName": "init", "condition": "SUCCESS"}])), "AG-02: the task ends")
    check("AG-02 a dependency that fails ends the task", stopped["stopCode"] == "TaskFailedToStart", stopped)

    quick = cases.container("b", essential=False, command=["/bin/true"])
    arn = cases.run("ag", quick, cases.container("a", dependsOn=[{"containerName": "b", "condition": "START"}]))
    wait_until(lambda: {c["name"]: c["lastStatus"] for c in cases.task(arn)["containers"]}.get("a") == "RUNNING", "AG-04")
    check("AG-04 one that has started and ended has started", True)
    cases.ecs.stop_task(task=arn)

    deaf = cases.container(stopTimeout=60, command=["/bin/sh", "-c", "trap '' TERM; while true; do sleep 1; done"])
    slow = cases.run("ag", deaf)
    wait_until(lambda: cases.task(slow)["lastStatus"] == "RUNNING", "AG-07: it runs")
    cases.ecs.stop_task(task=slow)
    other = cases.run("ag", cases.container())
    wait_until(lambda: cases.task(other)["lastStatus"] == "RUNNING", "AG-07: another starts meanwhile", 30)
    check("AG-07 a slow stop holds up nobody that fits", cases.task(slow)["lastStatus"] != "STOPPED", cases.task(slow))
    cases.ecs.stop_task(task=other)

    checked = lambda start: cases.container(  # noqa: E731 - a check that passes from the eighth second on
        command=["/bin/sh", "-c", f"(sleep 8; echo >/tmp/ok) & {TRAP}"], linuxParameters={"tmpfs": [
            {"containerPath": "/tmp", "size": 1}]},
        healthCheck={"command": ["CMD-SHELL", "[ -e /tmp/ok ]"], "interval": 5, "retries": 1, "startPeriod": start})
    patient, hasty = cases.run("patient", checked(30)), cases.run("hasty", checked(0))
    seen: set[str] = set()
    healthy = lambda: seen.add(h := cases.task(patient)["healthStatus"]) or h == "HEALTHY"  # noqa: E731
    wait_until(lambda: cases.task(hasty)["healthStatus"] == "UNHEALTHY" or healthy() and False, "AG-22: hasty is unhealthy")
    wait_until(healthy, "AG-22: patient is healthy")
    check("AG-22 a failure in the start period does not count", "UNHEALTHY" not in seen, seen)
    for arn in (patient, hasty):
        cases.ecs.stop_task(task=arn)

    port = cases.register("port", cases.container(portMappings=[{"containerPort": 80, "hostPort": 20001}]))
    for turn in range(4):
        started = cases.ecs.run_task(taskDefinition=port)
        if not started["tasks"]:
            check("AG-15 a port is free once its task has stopped", False, started["failures"])
            break
        taken = started["tasks"][0]["taskArn"]
        wait_until(lambda: cases.task(taken)["lastStatus"] == "RUNNING", f"AG-15: turn {turn} runs")
        again = cases.ecs.run_task(taskDefinition=port)["failures"]
        cases.ecs.stop_task(task=taken)
        cases.ends(taken, f"AG-15: turn {turn} ends")
    else:
        check("AG-15 a port is free once its task has stopped", True)
        check("AG-15 and until then is the reason", [f["reason"] for f in again] == ["RESOURCE:PORTS"], again)


def healing(cases: Cases) -> None:
    """SV-14, SV-20: what heals a service heals it with the right revision, and never below its number."""
    ecs = cases.ecs
    check_ok = {"command": ["CMD-SHELL", "[ ! -e /tmp/bad ]"], "interval": 5, "retries": 1}
    good = cases.register("heal", cases.container(healthCheck=check_ok, linuxParameters={"tmpfs": [
        {"containerPath": "/tmp", "size": 1}]}))
    ecs.create_service(serviceName="heal", taskDefinition=good, desiredCount=3, deploymentConfiguration={
        "deploymentCircuitBreaker": {"enable": True, "rollback": True}})
    completed = lambda: cases.service("heal")["deployments"][0]["rolloutState"] == "COMPLETED"  # noqa: E731
    wait_until(completed, "SV-14: the good revision is up")
    mine = lambda: set(docker("ps", "-q", "--filter", f"label=gantry.flow={cases.gantry.data.name}", "--filter",  # noqa: E731
                              "label=com.amazonaws.ecs.task-definition-family=heal").split())
    first, fewest = mine(), [3]
    for container in first:
        docker("exec", container, "/bin/sh", "-c", "echo >/tmp/bad")
    replaced = lambda: fewest.append(len(now := mine())) or len(now) == 3 and not now & first  # noqa: E731
    wait_until(replaced, "SV-20: all are replaced", 120)
    check("SV-20 unhealthy tasks are replaced before they are stopped", min(fewest) == 3, fewest)

    bad = cases.register("heal", cases.container(command=["/bin/sh", "-c", "exit 1"]))
    ecs.update_service(service="heal", taskDefinition=bad)
    back = lambda: ecs.list_service_deployments(service="heal")["serviceDeployments"][0]["status"]  # noqa: E731
    wait_until(lambda: back() == "ROLLBACK_SUCCESSFUL", "SV-14: rolled back")
    docker("kill", sorted(mine())[0])
    whole = lambda: len(mine()) == 3 and cases.service("heal")["runningCount"] == 3  # noqa: E731
    wait_until(whole, "SV-14: the killed one is replaced")
    arns = ecs.list_tasks(serviceName="heal")["taskArns"]
    revisions = {t["taskDefinitionArn"].rsplit("/", 1)[1] for t in ecs.describe_tasks(tasks=arns)["tasks"]}
    check("SV-14 a replacement after a rollback is of the good revision", revisions == {good}, revisions)

    cases.gantry.kill9()
    cases.gantry.start()
    ecs.update_service(service="heal", taskDefinition=good, forceNewDeployment=True)
    wait_until(completed, "AP-03: it rolls")
    check("AP-03 a new deployment is forced after a crash", True)
    ecs.delete_service(service="heal", force=True)


def main() -> None:
    """All cases on one server."""
    with Gantry(PORT) as gantry:
        cases = Cases(gantry)
        definitions(cases)
        tasks(cases)
        services(cases)
        healing(cases)
        try:
            cases.ecs.list_services(cluster="ghost")
            check("AP-01 an unknown cluster is refused", False)
        except ClientError as error:
            check("AP-01 an unknown cluster is refused", error.response["Error"]["Code"] == "ClusterNotFoundException", error)
        empty = cases.ecs.list_services()["serviceArns"]
        check("AP-01 a cluster without services lists none", empty == [], empty)
    finish()


if __name__ == "__main__":
    main()
