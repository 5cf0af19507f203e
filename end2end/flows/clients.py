#!/usr/bin/env python3
"""Tools that people deploy with: a roll-out that works and one that does not, each judged by the tool itself.

ecs-deploy is run as it is; of GitHub's deploy action the calls and the judgement are made, as its source has them.
"""

import os
import subprocess

from botocore.exceptions import WaiterError

from harness import Gantry, check, finish, wait_until

PORT = 18088
TRAP = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"
# What the action takes out of a described definition before it registers it again.
READ_ONLY = ("compatibilities", "taskDefinitionArn", "requiresAttributes", "revision", "status", "registeredAt",
             "deregisteredAt", "registeredBy")


def breaker(rollback: bool) -> dict:
    """A deployment configuration that gives up."""
    return {"deploymentCircuitBreaker": {"enable": True, "rollback": rollback}}


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT) as gantry:
        ecs = gantry.client("ecs")
        gantry.client("ecr").create_repository(repositoryName="web")
        image = gantry.push("web:1")
        gantry.push("web:2")
        wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        app = {"name": "app", "image": image, "memory": 16, "stopTimeout": 2, "command": ["/bin/sh", "-c", TRAP],
               "dockerLabels": {"gantry.flow": gantry.data.name}}
        ecs.register_task_definition(family="web", containerDefinitions=[app], tags=[{"key": "team", "value": "blue"}])
        ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=2, deploymentConfiguration=breaker(False))
        ecs.get_waiter("services_stable").wait(cluster="default", services=["web"], WaiterConfig={"Delay": 1})
        by_ecs_deploy(gantry, ecs)
        by_the_action(ecs, image)
        by_paginators(ecs)
    finish()


def ecs_deploy(gantry: Gantry, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(["ecs", *words], capture_output=True, text=True, env=os.environ | gantry.env, timeout=240)


def by_ecs_deploy(gantry: Gantry, ecs: object) -> None:
    """ecs-deploy: a new image, a number of tasks, a single task, and an image that is not there."""
    service = lambda: ecs.describe_services(services=["web"])["services"][0]  # noqa: E731
    ended = ecs_deploy(gantry, "deploy", "default", "web", "--tag", "2")
    check("ecs-deploy rolls out a new image", ended.returncode == 0, ended.stdout + ended.stderr)
    deployed = ecs.describe_task_definition(taskDefinition=service()["taskDefinition"], include=["TAGS"])
    containers, tags = deployed["taskDefinition"]["containerDefinitions"], deployed["tags"]
    check("and the definition keeps what it had", containers[0]["image"].endswith("web:2") and
          containers[0]["memory"] == 16 and tags == [{"key": "team", "value": "blue"}], deployed)
    ended = ecs_deploy(gantry, "scale", "default", "web", "3")
    check("ecs-deploy scales", ended.returncode == 0 and service()["runningCount"] == 3, ended.stdout + ended.stderr)
    ended = ecs_deploy(gantry, "run", "default", "web")
    check("ecs-deploy runs a task", ended.returncode == 0, ended.stdout + ended.stderr)
    ended = ecs_deploy(gantry, "deploy", "default", "web", "--tag", "none", "--timeout", "120")
    check("ecs-deploy fails with a bad image", ended.returncode != 0 and "failed" in ended.stderr.lower(),
          ended.stdout + ended.stderr)
    check("and what served goes on", service()["runningCount"] == 3, service())


def by_the_action(ecs: object, image: str) -> None:
    """The deploy action: registers what it was given, updates, waits, and looks whether its deployment is still there."""
    ecs.update_service(service="web", deploymentConfiguration=breaker(True))
    check("the deploy action ends well", deploy_as_the_action(ecs, image) == "")
    problem = deploy_as_the_action(ecs, image[:-1] + "none")
    check("the deploy action sees that a deployment was rolled back", problem in ("rolled back", "failed"), problem)


def deploy_as_the_action(ecs: object, image: str) -> str:
    """Deploys `image`; empty when it went well, else what the action would say."""
    given = ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]
    given = {name: value for name, value in given.items() if name not in READ_ONLY}
    given["containerDefinitions"][0]["image"] = image
    made = ecs.register_task_definition(**given)["taskDefinition"]["taskDefinitionArn"]
    found = ecs.describe_services(cluster="default", services=["web"])
    if found["failures"] or found["services"][0]["status"] != "ACTIVE":
        return "no service"
    updated = ecs.update_service(cluster="default", service="web", taskDefinition=made, forceNewDeployment=False)
    deployment = next(d["id"] for d in updated["service"]["deployments"] if d["status"] == "PRIMARY")
    try:
        ecs.get_waiter("services_stable").wait(cluster="default", services=["web"],
                                               WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    except WaiterError:
        return "not stable"
    after = ecs.describe_services(cluster="default", services=["web"])["services"][0]["deployments"]
    mine = [d for d in after if d["id"] == deployment]
    if not mine:
        return "rolled back"
    return "failed" if mine[0]["rolloutState"] == "FAILED" else ""


def by_paginators(ecs: object) -> None:
    """Every page of a list, and nothing twice."""
    for number in range(25):
        ecs.create_service(serviceName=f"many-{number:02}", taskDefinition="web", desiredCount=0)
    pages = list(ecs.get_paginator("list_services").paginate())
    arns = [arn for page in pages for arn in page["serviceArns"]]
    check("a paginator reads all services", len(pages) == 3 and len(set(arns)) == len(arns) == 26, [len(pages), len(arns)])
    pages = ecs.get_paginator("list_task_definitions").paginate(PaginationConfig={"PageSize": 2})
    arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
    revisions = [int(arn.rsplit(":", 1)[1]) for arn in arns]
    check("and all definitions in order", revisions == sorted(revisions) and len(set(arns)) == len(arns), arns)


if __name__ == "__main__":
    main()
