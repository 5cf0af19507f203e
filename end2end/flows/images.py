#!/usr/bin/env python3
"""Images over time: a policy expires what nobody uses, and what runs or would start again is kept."""

import json

from harness import Gantry, check, docker, finish, wait_until

PORT = 18096
TRAP = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"
KEEP_ONE = json.dumps({"rules": [{
    "rulePriority": 1, "description": "one image is enough for everybody",
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
    "action": {"type": "expire"}}]})


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT) as gantry:
        ecs, ecr = gantry.client("ecs"), gantry.client("ecr")
        ecr.create_repository(repositoryName="web")
        image = gantry.push("web:live")
        digest = lambda tag: ecr.describe_images(  # noqa: E731
            repositoryName="web", imageIds=[{"imageTag": tag}])["imageDetails"][0]["imageDigest"]
        running = digest("live")
        app = {"name": "app", "image": image, "command": ["sh", "-c", TRAP], "memory": 32, "stopTimeout": 2,
               "dockerLabels": {"gantry.flow": gantry.data.name}}
        ecs.register_task_definition(family="web", containerDefinitions=[app])
        wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
        ecs.get_waiter("services_stable").wait(services=["web"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})

        # Three more images; the service's tag moves to the last of them.
        for name in ("web:two", "web:three", "web:live"):
            gantry.push(name)
        moved, two = digest("live"), digest("two")
        preview = ecr.start_lifecycle_policy_preview(repositoryName="web", lifecyclePolicyText=KEEP_ONE)
        ecr.get_waiter("lifecycle_policy_preview_complete").wait(
            repositoryName="web", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        expiring = ecr.get_lifecycle_policy_preview(repositoryName="web")["previewResults"]
        check("a preview leaves out what runs and what would start", preview["status"] == "IN_PROGRESS" and
              {e["imageDigest"] for e in expiring} == {two, digest("three")}, expiring)
        ecr.put_lifecycle_policy(repositoryName="web", lifecyclePolicyText=KEEP_ONE)
        left = lambda: {e["imageDigest"] for e in ecr.list_images(repositoryName="web")["imageIds"]}  # noqa: E731
        wait_until(lambda: left() == {running, moved}, "the policy is applied", 150)
        check("a policy expires what nobody uses", ecr.get_lifecycle_policy(repositoryName="web")["lastEvaluatedAt"])

        refused = ecr.batch_delete_image(repositoryName="web", imageIds=[{"imageDigest": running}])["failures"]
        check("SV-16 an image that runs is not deleted, and the reason names who runs it",
              len(refused) == 1 and "is used by the task" in refused[0]["failureReason"], refused)
        refused = ecr.batch_delete_image(repositoryName="web", imageIds=[{"imageTag": "live"}])["failures"]
        check("SV-19 nor what a service would start", "service web" in refused[0]["failureReason"], refused)

        # The task dies and its replacement starts, from what the tag names now.
        docker("kill", docker("ps", "-q", "--filter", f"label=gantry.flow={gantry.data.name}"))

        def started() -> bool:
            arns = ecs.list_tasks(serviceName="web")["taskArns"]
            tasks = ecs.describe_tasks(tasks=arns)["tasks"] if arns else []
            return any(t["lastStatus"] == "RUNNING" and t["containers"][0].get("imageDigest") == moved for t in tasks)

        wait_until(started, "the replacement runs from the image that was kept")
        last = ecs.list_tasks(serviceName="web")["taskArns"]
        ecs.delete_service(service="web", force=True)
        wait_until(lambda: {t["lastStatus"] for t in ecs.describe_tasks(tasks=last)["tasks"]} == {"STOPPED"},
                   "nothing runs any more")
        gone = ecr.batch_delete_image(repositoryName="web", imageIds=[{"imageDigest": running}, {"imageTag": "live"}])
        check("what nobody uses any more is deleted", not gone["failures"] and not left(), gone)
    finish()


if __name__ == "__main__":
    main()
