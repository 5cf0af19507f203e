#!/usr/bin/env python3
"""Deployments with the real clients: a bad one rolls back, one is stopped by hand, tasks are protected, shared out, in sets."""

from harness import Gantry, check, docker, finish, wait_until

PORT = 18083


def definition(gantry: Gantry, image: str, command: str, family: str = "web") -> dict:
    """One container that runs `command` in a shell."""
    app = {
        "name": "app", "image": image, "memory": 16, "stopTimeout": 2, "command": ["/bin/sh", "-c", command],
        "dockerLabels": {"gantry.flow": gantry.data.name},
    }
    return {"family": family, "containerDefinitions": [app]}


GOOD = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"
BAD = "exit 1"


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT) as gantry:
        ecs, ecr = gantry.client("ecs"), gantry.client("ecr")
        ecr.create_repository(repositoryName="web")
        image = gantry.push("web:1")
        hosts = wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        for command in (GOOD, BAD):
            ecs.register_task_definition(**definition(gantry, image, command))
        service = lambda name="web": ecs.describe_services(services=[name])["services"][0]  # noqa: E731
        running = lambda family="web": len(docker(  # noqa: E731
            "ps", "-q", "--filter", f"label=gantry.flow={gantry.data.name}",
            "--filter", f"label=com.amazonaws.ecs.task-definition-family={family}").split())
        history = lambda: ecs.list_service_deployments(service="web")["serviceDeployments"]  # noqa: E731

        breaker = {"enable": True, "rollback": True}
        ecs.create_service(serviceName="web", taskDefinition="web:1", desiredCount=2,
                           deploymentConfiguration={"deploymentCircuitBreaker": breaker})
        gantry.aws("ecs", "wait", "services-stable", "--services", "web")
        wait_until(lambda: history()[0]["status"] == "SUCCESSFUL", "the first deployment is recorded")

        ecs.update_service(service="web", taskDefinition="web:2")
        wait_until(lambda: history()[0]["status"] == "ROLLBACK_SUCCESSFUL", "a deployment that exits at once rolls back", 120)
        failed = ecs.describe_service_deployments(
            serviceDeploymentArns=[history()[0]["serviceDeploymentArn"]])["serviceDeployments"][0]
        # Two are started at a time, so the fourth may have failed together with the third.
        breaker = failed["deploymentCircuitBreaker"]
        check("the circuit breaker opened at three failures", breaker["threshold"] == 3 and breaker["failureCount"] in (3, 4), failed)
        check("the good tasks were never touched", running() == 2 and service()["taskDefinition"].endswith("web:1"))
        revision = ecs.describe_service_revisions(serviceRevisionArns=[failed["rollback"]["serviceRevisionArn"]])
        digest = revision["serviceRevisions"][0]["containerImages"][0].get("imageDigest", "")
        check("the revision knows the digest of its image", digest.startswith("sha256:"), revision)

        ecs.update_service(service="web", taskDefinition="web:2")
        arn = history()[0]["serviceDeploymentArn"]
        ecs.stop_service_deployment(serviceDeploymentArn=arn)
        wait_until(lambda: history()[0]["status"] == "ROLLBACK_SUCCESSFUL", "a deployment is stopped by hand")
        check("and the service is back where it was", service()["taskDefinition"].endswith("web:1"), service())

        tasks = ecs.list_tasks(serviceName="web")["taskArns"]
        kept = ecs.update_task_protection(cluster="default", tasks=tasks[:1], protectionEnabled=True)["protectedTasks"]
        check("a task is protected", kept[0]["protectionEnabled"], kept)
        ecs.update_service(service="web", desiredCount=0)
        wait_until(lambda: running() == 1, "scaling in stops the other task")
        said = [e["message"] for e in service()["events"]]
        check("the events say what is in the way", any("protected tasks" in m for m in said), said)
        ecs.update_task_protection(cluster="default", tasks=tasks[:1], protectionEnabled=False)
        wait_until(lambda: running() == 0, "released, it goes")
        ecs.delete_service(service="web")

        ecs.create_capacity_provider(name="pool", autoScalingGroupProvider={"autoScalingGroupArn": "arn:none"})
        ecs.put_cluster_capacity_providers(
            cluster="default", capacityProviders=["pool", "FARGATE"],
            defaultCapacityProviderStrategy=[{"capacityProvider": "pool", "weight": 1}])
        nothing = ecs.run_task(taskDefinition="web:1")
        reasons = [f["reason"] for f in nothing["failures"]]
        check("an empty pool takes no task and says so",
              nothing["tasks"] == [] and reasons == ["EMPTY CAPACITY PROVIDER"], nothing)
        attribute = {"name": "gantry.capacity-provider", "value": "pool", "targetId": hosts[0]}
        ecs.put_attributes(attributes=[attribute])
        task = ecs.run_task(taskDefinition="web:1")["tasks"][0]
        check("the host's pool does", task["capacityProviderName"] == "pool", task)
        wait_until(lambda: running() == 1, "the pool's task runs")
        ecs.stop_task(task=task["taskArn"])
        wait_until(lambda: running() == 0, "and stops")

        ecs.register_task_definition(**definition(gantry, image, GOOD, "sets"))
        ecs.create_service(serviceName="sets", desiredCount=2, deploymentController={"type": "EXTERNAL"}, launchType="EC2")
        scale = lambda value: {"value": value, "unit": "PERCENT"}  # noqa: E731
        blue = ecs.create_task_set(cluster="default", service="sets", taskDefinition="sets", scale=scale(100))["taskSet"]
        wait_until(lambda: running("sets") == 2, "a task set runs its share")
        stable = lambda: ecs.describe_task_sets(  # noqa: E731
            cluster="default", service="sets", taskSets=[blue["id"]])["taskSets"][0]["stabilityStatus"] == "STEADY_STATE"
        wait_until(stable, "it is stable")
        ecs.update_task_set(cluster="default", service="sets", taskSet=blue["id"], scale=scale(50))
        wait_until(lambda: running("sets") == 1, "half of it")
        ecs.delete_task_set(cluster="default", service="sets", taskSet=blue["taskSetArn"], force=True)
        wait_until(lambda: running("sets") == 0 and not service("sets")["taskSets"], "it is deleted with its tasks")
        check("a task set that was deleted is gone", True)
        ecs.delete_service(service="sets", force=True)
        wait_until(lambda: service("sets")["status"] == "INACTIVE", "the service is deleted")
    finish()


if __name__ == "__main__":
    main()
