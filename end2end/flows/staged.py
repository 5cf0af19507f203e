#!/usr/bin/env python3
"""Blue and green side by side: a webhook is asked, a pause is waited for, a crash loses nothing, and a no goes back."""

import json

from harness import Gantry, Webhook, check, docker, finish, wait_until

PORT, HOOK_PORT = 18090, 18091
TRAP = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done"


class Judge:
    """The target of a lifecycle hook: gives its answers in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[dict] = [{"hookStatus": "SUCCEEDED"}]
        self.asked: list[dict] = []
        self.webhook = Webhook(HOOK_PORT, self.answer)

    def answer(self, body: dict, _: dict) -> dict:
        """Answers a call."""
        self.asked.append(body)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def main() -> None:
    """The steps, in order."""
    judge = Judge()
    with Gantry(PORT) as gantry:
        flow = Flow(gantry, judge)
        flow.side_by_side()
        flow.across_a_crash()
        flow.and_back()
    judge.webhook.shutdown()
    finish()


class Flow:
    """A service `web` of two tasks, whose revisions tell themselves by a label."""

    def __init__(self, gantry: Gantry, judge: Judge) -> None:
        self.gantry, self.judge, self.ecs = gantry, judge, gantry.client("ecs")
        gantry.client("ecr").create_repository(repositoryName="web")
        self.image = gantry.push("web:1")
        wait_until(lambda: self.ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        self.ecs.create_service(serviceName="web", taskDefinition=self.revision(), desiredCount=2)
        gantry.aws("ecs", "wait", "services-stable", "--services", "web")
        hooks = [{"hookTargetArn": f"http://127.0.0.1:{HOOK_PORT}/", "lifecycleStages": ["POST_SCALE_UP"]},
                 {"targetType": "PAUSE", "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"]}]
        configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": hooks}
        status, answer = gantry.raw("UpdateService", json.dumps(
            {"service": "web", "deploymentConfiguration": configuration}))
        check("a service takes stages and hooks", status == 200, answer)

    def revision(self) -> str:
        app = {"name": "app", "image": self.image, "memory": 16, "stopTimeout": 2,
               "command": ["/bin/sh", "-c", TRAP], "dockerLabels": {"gantry.flow": self.gantry.data.name}}
        made = self.ecs.register_task_definition(family="web", containerDefinitions=[app])["taskDefinition"]
        return f"web:{made['revision']}"

    def containers(self, revision: str) -> set[str]:
        number = revision.rsplit(":", 1)[1]
        words = ["ps", "-q", "--filter", f"label=gantry.flow={self.gantry.data.name}",
                 "--filter", f"label=com.amazonaws.ecs.task-definition-version={number}"]
        return set(docker(*words).split())

    def deployment(self) -> dict:
        """The newest deployment, with the members that this botocore does not know."""
        listed = self.ecs.list_service_deployments(service="web")["serviceDeployments"][0]
        asked = json.dumps({"serviceDeploymentArns": [listed["serviceDeploymentArn"]]})
        return self.gantry.raw("DescribeServiceDeployments", asked)[1]["serviceDeployments"][0]

    def deploy(self) -> str:
        revision = self.revision()
        self.ecs.update_service(service="web", taskDefinition=revision)
        return revision

    def paused(self) -> dict:
        """The deployment once it waits for somebody."""
        waits = lambda d: [h for h in d.get("lifecycleHookDetails", []) if h["status"] == "AWAITING_ACTION"]  # noqa: E731
        return wait_until(lambda: waits(d := self.deployment()) and d, "the deployment pauses")

    def go_on(self, deployment: dict) -> None:
        status, answer = self.gantry.raw("ContinueServiceDeployment", json.dumps({
            "serviceDeploymentArn": deployment["serviceDeploymentArn"],
            "hookId": deployment["lifecycleHookDetails"][0]["hookId"]}))
        check("a pause is ended by hand", status == 200, answer)

    def side_by_side(self) -> None:
        """Green comes up whole, is judged, and blue goes only when somebody says so."""
        self.judge.answers[:] = [{"hookStatus": "IN_PROGRESS", "callBackDelay": 1}, {"hookStatus": "SUCCEEDED"}]
        green = self.deploy()
        deployment = self.paused()
        check("the webhook was asked until it was done", len(self.judge.asked) == 2, self.judge.asked)
        asked = self.judge.asked[0]
        check("it was told of what", asked["resourceArn"] == deployment["serviceDeploymentArn"] and
              asked["lifecycleStage"] == "POST_SCALE_UP", asked)
        both = (len(self.containers("web:1")), len(self.containers(green)))
        check("both revisions run whole", both == (2, 2), both)
        weights = [deployment["targetServiceRevision"]["requestedProductionTrafficWeight"],
                   deployment["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"]]
        check("the traffic is green's", weights == [100, 0], weights)
        self.go_on(deployment)
        wait_until(lambda: self.deployment()["status"] == "SUCCESSFUL", "the deployment succeeds")
        wait_until(lambda: not self.containers("web:1"), "blue goes")
        check("green stays", len(self.containers(green)) == 2)

    def across_a_crash(self) -> None:
        """A deployment that pauses is still there after a crash, and blue is kept up meanwhile."""
        self.deploy()
        self.paused()
        blue = self.containers("web:2")
        self.gantry.kill9()
        self.gantry.start()
        self.paused()
        docker("kill", sorted(blue)[0])
        wait_until(lambda: len(self.containers("web:2")) == 2 and self.containers("web:2") != blue, "blue is replaced")
        check("blue is kept up across a crash while green waits", len(self.containers("web:3")) == 2)
        self.go_on(self.paused())
        wait_until(lambda: self.deployment()["status"] == "SUCCESSFUL", "the deployment succeeds")

    def and_back(self) -> None:
        """A webhook that says no sends green away; blue was never touched."""
        before = self.containers("web:3")
        self.judge.answers[:] = [{"hookStatus": "FAILED"}]
        self.deploy()
        wait_until(lambda: self.deployment()["status"] == "ROLLBACK_SUCCESSFUL", "the deployment is rolled back")
        check("the record says why", "FAILED" in self.deployment()["statusReason"], self.deployment()["statusReason"])
        wait_until(lambda: not self.containers("web:4"), "green goes")
        check("blue was never touched", self.containers("web:3") == before)
        self.gantry.aws("ecs", "wait", "services-stable", "--services", "web")


if __name__ == "__main__":
    main()
