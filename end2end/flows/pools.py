#!/usr/bin/env python3
"""Pools: tasks wait for room, a webhook is asked for hosts and brings them; spare capacity is taken away on a signal."""

import signal

from harness import Gantry, Host, Webhook, check, finish, wait_until

PORT, HOOK_PORT = 18092, 18093
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]


class Cloud:
    """Makes hosts when it is asked for them, as whoever owns machines would: each is an agent on this machine's engine."""

    def __init__(self) -> None:
        self.hosts: list[Host] = []
        self.asked: list[dict] = []
        self.is_down = True
        self.gantry: Gantry | None = None
        self.webhook = Webhook(HOOK_PORT, self.answer)

    def answer(self, body: dict, _: dict) -> dict | None:
        """Brings the pool to its size, unless it is down."""
        self.asked.append(body)
        if self.is_down:
            return None
        while len(self.hosts) < body["desiredCapacity"]:
            self.make(f"gantry.capacity-provider={body['capacityProvider']}")
        return {}

    def make(self, *attributes: str) -> Host:
        """Starts an agent."""
        number = len(self.hosts)
        flags = [flag for attribute in attributes for flag in ("--attribute", attribute)]
        host = Host(self.gantry, f"host-{number}", ZONES[number % 3], *flags, memory_mib=512)
        self.hosts.append(host)
        return host


def main() -> None:
    """The steps, in order."""
    cloud = Cloud()
    with Gantry(PORT, "--no-agent") as gantry:
        cloud.gantry = gantry
        try:
            flow = Flow(gantry, cloud)
            flow.waiting()
            flow.growing()
            flow.interrupted()
        finally:
            for host in cloud.hosts:
                host.kill(signal.SIGKILL)
    cloud.webhook.shutdown()
    finish()


class Flow:
    """Tasks of which two fit a host, in the pool `burst`."""

    def __init__(self, gantry: Gantry, cloud: Cloud) -> None:
        self.gantry, self.cloud, self.ecs = gantry, cloud, gantry.client("ecs")
        gantry.client("ecr").create_repository(repositoryName="web")
        self.app = {"name": "app", "image": gantry.push("web:1"), "command": ["sleep", "600"], "essential": True}
        group = {"autoScalingGroupArn": cloud.webhook.url, "managedScaling": {"instanceWarmupPeriod": 0}}
        self.ecs.create_capacity_provider(name="burst", autoScalingGroupProvider=group)
        self.ecs.create_cluster(clusterName="default", capacityProviders=["burst"],
                                defaultCapacityProviderStrategy=[{"capacityProvider": "burst", "weight": 1}])
        self.ecs.register_task_definition(family="web", containerDefinitions=[self.app | {"cpu": 200, "memory": 64}])

    def tasks(self, **which: str) -> list[dict]:
        """The tasks, described."""
        arns = self.ecs.list_tasks(**which)["taskArns"]
        return self.ecs.describe_tasks(tasks=arns)["tasks"] if arns else []

    def waiting(self) -> None:
        """Nothing is there to run on: the tasks wait, and whoever is asked for hosts is asked again when it is down."""
        ran = self.ecs.run_task(taskDefinition="web", count=3)
        states = [(task["lastStatus"], task["capacityProviderName"]) for task in ran["tasks"]]
        check("tasks without a host wait", states == [("PROVISIONING", "burst")] * 3 and not ran["failures"], ran)
        wait_until(lambda: self.cloud.asked, "the pool asks for hosts")
        first = self.cloud.asked[0]
        check("a host is asked for", (first["desiredCapacity"], first["capacityProviderReservation"]) == (1, 200), first)
        self.gantry.kill9()
        self.gantry.start()
        asked = len(self.cloud.asked)
        wait_until(lambda: len(self.cloud.asked) > asked, "it asks again after a crash")
        check("the tasks still wait after a crash", [t["lastStatus"] for t in self.tasks()] == ["PROVISIONING"] * 3)

    def growing(self) -> None:
        """The hosts come, one and then another, and the tasks run on them."""
        self.cloud.is_down = False
        running = lambda: [t for t in self.tasks() if t["lastStatus"] == "RUNNING"]  # noqa: E731
        wait_until(lambda: len(running()) == 3, "the tasks run", 120)
        homes = {task["containerInstanceArn"] for task in running()}
        check("two hosts were made for three tasks", len(homes) == len(self.cloud.hosts) == 2, self.cloud.asked)
        check("none waits any more", all(task["containerInstanceArn"] for task in self.tasks()))
        asked = self.cloud.asked[-1]
        check("the second was asked for when its size was known", asked["desiredCapacity"] == 2, asked)

    def interrupted(self) -> None:
        """A host of FARGATE_SPOT is told that it will be taken away: its tasks stop, and come back on the other."""
        hosts = [self.cloud.make("gantry.serves-fargate=true", "gantry.capacity-provider=FARGATE_SPOT")
                 for _ in range(2)]
        instances = lambda: self.ecs.list_container_instances(  # noqa: E731
            filter="attribute:gantry.capacity-provider == FARGATE_SPOT")["containerInstanceArns"]
        wait_until(lambda: len(instances()) == 2, "the spare hosts join")
        self.ecs.register_task_definition(
            family="spot", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[self.app])
        self.ecs.create_service(
            serviceName="spot", taskDefinition="spot", desiredCount=1,
            capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
        steady = lambda: [t for t in self.tasks(serviceName="spot") if t["lastStatus"] == "RUNNING"]  # noqa: E731
        first = wait_until(steady, "the service runs")[0]
        victim = next(host for host in hosts if first["availabilityZone"] in host.words)
        victim.process.send_signal(signal.SIGUSR1)
        stopped = lambda: self.tasks(serviceName="spot", desiredStatus="STOPPED")  # noqa: E731
        ended = wait_until(stopped, "its task stops")[0]
        check("a task of spare capacity is interrupted",
              (ended["stopCode"], ended["stoppedReason"]) == ("SpotInterruption", "Your Spot Task was interrupted."),
              ended)
        again = wait_until(steady, "the service runs again")[0]
        check("its service starts it elsewhere", again["availabilityZone"] != first["availabilityZone"], again)
        self.ecs.delete_service(service="spot", force=True)


if __name__ == "__main__":
    main()
