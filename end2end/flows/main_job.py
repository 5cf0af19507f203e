#!/usr/bin/env python3
"""The main job with the real clients: push, register, run a service, lose a container, roll over, crash, go on."""

from harness import Gantry, check, docker, finish, wait_until

PORT = 18080


def definition(gantry: Gantry, image: str, greeting: str) -> dict:
    """Two containers, the second waiting for the first to be healthy."""
    trap = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"
    app = {
        "name": "app", "image": image, "cpu": 32, "memory": 32, "stopTimeout": 3,
        "command": ["/bin/sh", "-c", trap], "portMappings": [{"containerPort": 8080, "hostPort": 0}],
        "environment": [{"name": "GREETING", "value": greeting}], "dockerLabels": {"gantry.flow": gantry.data.name},
        "healthCheck": {"command": ["CMD", "/bin/true"], "interval": 5, "retries": 3},
    }
    side = {
        "name": "side", "image": image, "cpu": 8, "memory": 16, "essential": False, "command": ["/bin/sh", "-c", trap],
        "stopTimeout": 3, "dependsOn": [{"containerName": "app", "condition": "HEALTHY"}],
        "dockerLabels": {"gantry.flow": gantry.data.name},
    }
    return {"family": "hello", "containerDefinitions": [app, side]}


def containers(gantry: Gantry, name: str = "app") -> list[str]:
    """The ids of the running containers of this flow that carry `name`."""
    mine = ["--filter", f"label=gantry.flow={gantry.data.name}"]
    return docker("ps", "-q", *mine, "--filter", f"label=com.amazonaws.ecs.container-name={name}").split()


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT) as gantry:
        ecs, ecr = gantry.client("ecs"), gantry.client("ecr")
        ecr.create_repository(repositoryName="hello")
        image = gantry.push("hello:1")
        found = ecr.describe_images(repositoryName="hello")["imageDetails"]
        check("a pushed image is described", [i["imageTags"] for i in found] == [["1"]], found)

        wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        ecs.register_task_definition(**definition(gantry, image, "one"))
        ecs.create_service(serviceName="web", taskDefinition="hello", desiredCount=3)
        service = lambda: ecs.describe_services(services=["web"])["services"][0]  # noqa: E731
        steady = lambda n: (lambda s: s["runningCount"] == n and len(s["deployments"]) == 1 and s)(service())  # noqa: E731
        wait_until(lambda: steady(3), "three tasks run")
        gantry.aws("ecs", "wait", "services-stable", "--services", "web")
        check("three containers really run", len(containers(gantry)) == 3, containers(gantry))
        limit = docker("inspect", "--format", "{{.HostConfig.Memory}}", containers(gantry)[0])
        check("the memory limit is the one that was asked for", limit == str(32 << 20), limit)

        killed = containers(gantry)[0]
        docker("kill", killed)
        wait_until(lambda: killed not in containers(gantry) and len(containers(gantry)) == 3, "the task is replaced")
        messages = [e["message"] for e in service()["events"]]
        check("the events say why", any("app with exit code 137" in m for m in messages), messages)

        ecs.update_service(service="web", desiredCount=5)
        wait_until(lambda: steady(5), "five tasks run")
        ecs.register_task_definition(**definition(gantry, image, "two"))
        ecs.update_service(service="web", taskDefinition="hello:2")
        fewest = 5

        def rolled() -> bool:
            nonlocal fewest
            seen = service()
            fewest = min(fewest, seen["runningCount"])
            return len(seen["deployments"]) == 1 and seen["taskDefinition"].endswith("hello:2")

        wait_until(rolled, "the deployment completes", 180)
        check("a rolling deployment never goes below its minimum", fewest >= 5, fewest)

        job = {"name": "main", "image": image, "memory": 16, "command": ["/bin/sh", "-c", "exit 3"],
               "dockerLabels": {"gantry.flow": gantry.data.name}}
        ecs.register_task_definition(family="job", containerDefinitions=[job])
        task = ecs.run_task(taskDefinition="job")["tasks"][0]["taskArn"]
        stopped = lambda: (lambda t: t["lastStatus"] == "STOPPED" and t)(ecs.describe_tasks(tasks=[task])["tasks"][0])  # noqa: E731
        done = wait_until(stopped, "the job ends")
        check("a task that ends tells its exit code", done["containers"][0].get("exitCode") == 3, done)
        check("and why it stopped", done["stopCode"] == "EssentialContainerExited", done["stopCode"])

        wait_until(lambda: steady(5) and len(containers(gantry)) == 5, "five containers run")
        before = sorted(containers(gantry))
        gantry.kill9()
        gantry.start()
        ecs = gantry.client("ecs")
        connected = lambda: all(i["agentConnected"] for i in ecs.describe_container_instances(  # noqa: E731
            containerInstances=ecs.list_container_instances()["containerInstanceArns"])["containerInstances"])
        wait_until(connected, "the agent re-attaches")
        check("a crash stops no container", sorted(containers(gantry)) == before, containers(gantry))
        check("a crash loses nothing", service()["desiredCount"] == 5, service())
        docker("kill", before[0])
        wait_until(lambda: before[0] not in containers(gantry) and len(containers(gantry)) == 5, "it goes on converging")
        check("the service goes on converging", True)

        ecs.update_service(service="web", desiredCount=0)
        wait_until(lambda: not containers(gantry), "it scales in")
        ecs.delete_service(service="web")
        wait_until(lambda: service()["status"] == "INACTIVE", "it is deleted")
        check("a deleted service is INACTIVE and its containers are gone", True)
    finish()


if __name__ == "__main__":
    main()
