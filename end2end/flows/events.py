#!/usr/bin/env python3
"""Events: a receiver is told what happens to real tasks, signed, in order, though it was away and the server was killed."""

import base64
import hashlib
import hmac

from harness import Gantry, Webhook, check, finish, wait_until

PORT, HOOK_PORT = 18094, 18095
KEY = base64.b64encode(b"a key of thirty-two bytes length").decode()
TRAP = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"


class Receiver:
    """Takes events, checks how they are signed, and keeps those that it took."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        self.refused = 0
        self.forged = 0
        self.is_away = False
        self.webhook = Webhook(HOOK_PORT, self.answer)

    def answer(self, body: dict, headers: dict) -> dict | None:
        """Takes one event, unless it is away."""
        if self.is_away:
            self.refused += 1
            return None
        told = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + headers["raw"]
        digest = hmac.new(base64.b64decode(KEY), told, hashlib.sha256).digest()
        self.forged += headers["webhook-signature"] != "v1," + base64.b64encode(digest).decode()
        self.events.append(body)
        return {}

    def details(self, kind: str) -> list[dict]:
        """What it was told of one kind, each event once, in the order of first telling."""
        once = {event["id"]: event["detail"] for event in self.events if event["detail-type"] == kind}
        return list(once.values())

    def steps(self, task: str) -> list[tuple]:
        """The version and status of a task at each step."""
        return [(d["version"], d["lastStatus"]) for d in self.details("ECS Task State Change") if d["taskArn"] == task]


def main() -> None:
    """The steps, in order."""
    receiver = Receiver()
    with Gantry(PORT, "--event-webhook", receiver.webhook.url, "--event-webhook-key", KEY) as gantry:
        ecs = gantry.client("ecs")
        gantry.client("ecr").create_repository(repositoryName="web")
        app = {"name": "app", "image": gantry.push("web:1"), "command": ["sh", "-c", TRAP], "memory": 32}
        ecs.register_task_definition(family="web", containerDefinitions=[app])
        wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        task = ecs.run_task(taskDefinition="web")["tasks"][0]["taskArn"]
        wait_until(lambda: (2, "RUNNING") in receiver.steps(task), "it is told that the task runs")
        joined = receiver.details("ECS Container Instance State Change")
        check("it was told that the host joined", any(d["agentConnected"] for d in joined), joined)
        running = next(d for d in receiver.details("ECS Task State Change") if d["lastStatus"] == "RUNNING")
        check("a detail is the task", running["containers"][0]["lastStatus"] == "RUNNING" and running["startedAt"], running)

        # While it is away a task stops, a service is made, and the server is killed.
        receiver.is_away = True
        ecs.stop_task(task=task)
        wait_until(lambda: receiver.refused, "it is tried")
        ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=2)
        ecs.get_waiter("services_stable").wait(services=["web"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        gantry.kill9()
        gantry.start()
        receiver.is_away = False
        steady = lambda: any(  # noqa: E731
            d["eventName"] == "SERVICE_STEADY_STATE" for d in receiver.details("ECS Service Action"))
        wait_until(steady, "it is told what it missed")
        names = [d["eventName"] for d in receiver.details("ECS Deployment State Change")]
        check("it is told of the deployment", names == ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED"],
              names)
        steps = receiver.steps(task)
        statuses = [status for _, status in steps]
        check("no step of the task is missing and all are in order",
              [version for version, _ in steps] == list(range(1, len(steps) + 1))
              and statuses[0] == "PENDING" and statuses[-1] == "STOPPED", steps)
        check("everything was signed", receiver.forged == 0 and len(receiver.events) > len(steps), receiver.forged)
    receiver.webhook.shutdown()
    finish()


if __name__ == "__main__":
    main()
