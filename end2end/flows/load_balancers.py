#!/usr/bin/env python3
"""Services behind load balancers: real requests through a proxy of its own, while tasks come, go, die and are replaced,
and while the control plane is away."""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading

from browser import chromium, open_page, sign_in
from harness import BINARY, Gantry, check, docker, finish, wait_until

PORT, HTTP_PORT, HTTPS_PORT, TCP_PORT, FORM_PORT = 18106, 18281, 18282, 18283, 18284
# How many requests a rolling deployment must not lose one of; more deployments are made until there were so many.
REQUESTS = int(os.environ.get("GANTRY_FLOW_REQUESTS", "10000"))
WEB = """busybox mkdir -p /www/cgi-bin
echo %s > /www/index.html
printf '#!/bin/sh\\necho Content-Type: text/plain\\necho\\nsleep 3\\necho slow %s\\n' > /www/cgi-bin/slow
busybox chmod +x /www/cgi-bin/slow
exec busybox httpd -f -p 8000 -h /www"""


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT, "--no-proxy") as gantry:
        flow = Flow(gantry)
        try:
            flow.behind_a_load_balancer()
            flow.rolls_over_without_a_failure()
            flow.shifts_its_traffic()
            flow.carries_on_alone()
            flow.speaks_tls_and_tcp()
            flow.in_the_browser()
        finally:
            flow.stop_proxy()
    finish()


class Load:
    """Requests without a pause over eight connections, until it is stopped; how many there were, and what went wrong."""

    def __init__(self, port: int) -> None:
        command = ["wrk", "-t1", "-c8", "-d3600s", "--timeout", "30s", f"http://127.0.0.1:{port}/"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def stop(self) -> tuple[int, list[str]]:
        """Ends it."""
        self.process.send_signal(signal.SIGINT)
        text, _ = self.process.communicate(timeout=60)
        wrong = [line.strip() for line in text.splitlines() if "Socket errors" in line or "Non-2xx" in line]
        return int(re.search(r"(\d+) requests in", text)[1]), wrong


class Flow:
    """A service `web` whose revisions tell themselves by what they answer."""

    def __init__(self, gantry: Gantry) -> None:
        self.gantry, self.ecs, self.elb = gantry, gantry.client("ecs"), gantry.client("elbv2")
        self.proxy: subprocess.Popen | None = None
        gantry.client("ecr").create_repository(repositoryName="web")
        self.image = gantry.push("web:1")
        wait_until(lambda: self.ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        self.key = subprocess.run([BINARY, "proxy-key", "create", "--data-dir", str(gantry.data)],
                                  check=True, capture_output=True, text=True).stdout.strip()
        self.start_proxy()

    def start_proxy(self) -> None:
        """A proxy that is a process of its own."""
        with (self.gantry.data / "proxy.log").open("ab") as log:
            command = [BINARY, "proxy", "--server", self.gantry.url, "--data-dir", str(self.gantry.data / "own-proxy"),
                       "--address", "127.0.0.1"]
            self.proxy = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"GANTRY_PROXY_KEY": self.key})

    def stop_proxy(self) -> None:
        """Stops it as an operator would."""
        if self.proxy and self.proxy.poll() is None:
            self.proxy.terminate()
            self.proxy.wait(timeout=40)

    def revision(self, name: str) -> str:
        """A definition whose container answers `name`."""
        app = {"name": "app", "image": self.image, "memory": 16, "stopTimeout": 2, "portMappings": [{"containerPort": 8000}],
               "command": ["/bin/sh", "-c", WEB % (name, name)], "dockerLabels": {"gantry.flow": self.gantry.data.name}}
        made = self.ecs.register_task_definition(family="web", containerDefinitions=[app])["taskDefinition"]
        return f"web:{made['revision']}"

    def group(self, name: str, **more: object) -> str:
        """A target group that looks after its targets closely."""
        words = {"Protocol": "HTTP", "Port": 8000, "HealthCheckIntervalSeconds": 5, "HealthyThresholdCount": 2} | more
        return self.elb.create_target_group(Name=name, **words)["TargetGroups"][0]["TargetGroupArn"]

    def states(self, group: str) -> list[str]:
        """How a group's targets stand."""
        told = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return sorted(target["TargetHealth"]["State"] for target in told)

    def get(self, path: str = "/", port: int = HTTP_PORT, host: str = "web.test") -> tuple[int, str]:
        """Asks once, over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()

    def stable(self) -> None:
        """Waits for what deployment scripts wait for, and asks more often."""

        def is_stable() -> bool:
            service = self.ecs.describe_services(services=["web"])["services"][0]
            return len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"]

        wait_until(is_stable, "the service is stable", 180)

    def behind_a_load_balancer(self) -> None:
        """Everything by boto3 and the command line, as on AWS; a request finds a task."""
        self.balancer = self.elb.create_load_balancer(Name="front", Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
        check("a load balancer is active", self.balancer["State"]["Code"] == "active", self.balancer)
        self.blue, self.green = self.group("blue"), self.group("green")
        listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer["LoadBalancerArn"], Protocol="HTTP", Port=HTTP_PORT,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "nobody"}}])
        self.listener = listener["Listeners"][0]["ListenerArn"]
        rule = self.elb.create_rule(
            ListenerArn=self.listener, Priority=10, Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": [
                {"TargetGroupArn": self.blue, "Weight": 100}, {"TargetGroupArn": self.green, "Weight": 0}]}}])
        self.rule = rule["Rules"][0]["RuleArn"]
        self.elb.create_rule(ListenerArn=self.listener, Priority=1, Actions=[{"Type": "redirect", "RedirectConfig": {
            "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}],
            Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["*.old.test"]}}])
        told = self.gantry.aws("elbv2", "describe-rules", "--listener-arn", self.listener, "--query", "Rules[].Priority", "--output", "text")
        check("the command line tells the rules in their order", told.split() == ["1", "10", "default"], told)
        wait_until(lambda: self.reached(), "the proxy listens")
        check("without a task nobody answers", self.get()[0] == 503, self.get())
        check("a redirect is one", self.get(host="a.old.test")[0] == 301)
        self.behind = {"targetGroupArn": self.blue, "containerName": "app", "containerPort": 8000}
        self.ecs.create_service(serviceName="web", taskDefinition=self.revision("one"), desiredCount=2,
                                loadBalancers=[self.behind], healthCheckGracePeriodSeconds=30)
        self.stable()
        wait_until(lambda: self.states(self.blue) == ["healthy", "healthy"], "its tasks are healthy targets")
        check("a request is answered by one", self.get() == (200, "one"), self.get())
        events = [event["message"] for event in self.ecs.describe_services(services=["web"])["services"][0]["events"]]
        check("the service says that it registered them", any("registered 1 targets in (target-group" in e for e in events), events)

    def reached(self) -> bool:
        """Whether the proxy listens."""
        try:
            return self.get()[0] > 0
        except OSError:
            return False

    def rolls_over_without_a_failure(self) -> None:
        """Under load: a deployment, scaling in and out, a task that is stopped and one that dies cost no request."""
        load = Load(HTTP_PORT)
        self.ecs.update_service(service="web", taskDefinition=self.revision("two"))
        self.stable()
        check("the deployment reached everybody", self.get() == (200, "two"), self.get())
        self.ecs.update_service(service="web", desiredCount=4)
        self.stable()
        self.ecs.update_service(service="web", desiredCount=2)
        self.stable()
        wait_until(lambda: self.states(self.blue) == ["healthy"] * 2, "scaling in is over")
        slow: list[tuple[int, str]] = []
        waiting = [threading.Thread(target=lambda: slow.append(self.get("/cgi-bin/slow"))) for _ in range(4)]
        for thread in waiting:
            thread.start()
        tasks = self.ecs.list_tasks(serviceName="web")["taskArns"]
        self.ecs.stop_task(task=tasks[0])
        status = self.ecs.describe_tasks(tasks=[tasks[0]])["tasks"][0]["lastStatus"]
        check("a task that is stopped is let go first", status in ("DEACTIVATING", "RUNNING"), status)
        for thread in waiting:
            thread.join()
        check("what was under way has ended well", sorted(slow) == [(200, "slow two")] * 4, slow)
        self.stable()
        count, wrong = load.stop()
        while not wrong and count < REQUESTS:
            load = Load(HTTP_PORT)
            self.ecs.update_service(service="web", forceNewDeployment=True)
            self.stable()
            more, wrong = load.stop()
            count += more
        check("no request failed", not wrong, (wrong, count))
        print(f"        {count} requests", flush=True)
        own = f"label=gantry.flow={self.gantry.data.name}"
        victim = docker("ps", "-q", "--filter", own, "--filter", "status=running").split()[0]
        docker("kill", victim)
        wait_until(lambda: self.states(self.blue) == ["healthy"] * 2, "the dead task is replaced")
        check("a dead task is no target any more", self.get() == (200, "two"))

    def shifts_its_traffic(self) -> None:
        """Blue and green behind one rule: the weights go over in steps, under load, and nobody is refused."""
        configuration = {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0},
                         "bakeTimeInMinutes": 0}
        advanced = {"alternateTargetGroupArn": self.green, "productionListenerRule": self.rule,
                    "roleArn": "arn:aws:iam::000000000000:role/ecsInfrastructure"}
        load = Load(HTTP_PORT)
        status, answer = self.gantry.raw("UpdateService", json.dumps({
            "service": "web", "taskDefinition": self.revision("green"), "deploymentConfiguration": configuration,
            "loadBalancers": [self.behind | {"advancedConfiguration": advanced}]}))
        check("a service takes two target groups", status == 200, answer)
        wait_until(lambda: self.weights() == [0, 100], "all traffic is green's", 180)
        self.stable()
        count, wrong = load.stop()
        check("green's tasks are in the other group", (self.states(self.green), self.states(self.blue)) == (["healthy"] * 2, []),
              (self.states(self.green), self.states(self.blue)))
        check("nobody was refused", count and not wrong, wrong)
        check("and green answers", self.get() == (200, "green"), self.get())

    def weights(self) -> list[int]:
        """The weights of the rule."""
        action = self.elb.describe_rules(RuleArns=[self.rule])["Rules"][0]["Actions"][0]
        return [group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]]

    def carries_on_alone(self) -> None:
        """The control plane crashes and comes back, and the proxy does, without it: requests go on."""
        load = Load(HTTP_PORT)
        self.gantry.kill9()
        check("requests go on without the control plane", all(self.get() == (200, "green") for _ in range(200)))
        self.gantry.start()
        wait_until(lambda: self.states(self.green) == ["healthy"] * 2, "the proxy is heard again")
        count, wrong = load.stop()
        check("a crash of the control plane costs no request", count and not wrong, wrong)
        self.gantry.stop()
        self.stop_proxy()
        self.start_proxy()
        wait_until(self.reached, "the proxy starts by itself")
        check("a proxy starts with what it was told last", self.get() == (200, "green"), self.get())
        self.gantry.start()
        self.ecs, self.elb = self.gantry.client("ecs"), self.gantry.client("elbv2")
        wait_until(lambda: self.states(self.green) == ["healthy"] * 2, "the proxy is heard again")

    def speaks_tls_and_tcp(self) -> None:
        """A certificate is imported and served by its name; a network load balancer carries bytes as they are."""
        folder = self.gantry.data
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "30", "-subj", "/CN=web.test",
                        "-addext", "subjectAltName=DNS:web.test"], check=True, capture_output=True)
        acm = self.gantry.client("acm")
        arn = acm.import_certificate(Certificate=(folder / "cert.pem").read_bytes(), PrivateKey=(folder / "key.pem").read_bytes())["CertificateArn"]
        names = acm.describe_certificate(CertificateArn=arn)["Certificate"]["SubjectAlternativeNames"]
        check("a certificate is imported", names == ["web.test"], names)
        self.elb.create_listener(LoadBalancerArn=self.balancer["LoadBalancerArn"], Protocol="HTTPS", Port=HTTPS_PORT,
                                 Certificates=[{"CertificateArn": arn}],
                                 DefaultActions=[{"Type": "forward", "TargetGroupArn": self.green}])
        answer = wait_until(lambda: self.over_tls(folder / "cert.pem"), "TLS is spoken")
        check("a request over TLS is answered", answer == "green", answer)
        network = self.elb.create_load_balancer(Name="wire", Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
        wire = self.group("wire", Protocol="TCP", HealthCheckTimeoutSeconds=2)
        self.elb.create_listener(LoadBalancerArn=network, Protocol="TCP", Port=TCP_PORT,
                                 DefaultActions=[{"Type": "forward", "TargetGroupArn": wire}])
        for target in self.elb.describe_target_health(TargetGroupArn=self.green)["TargetHealthDescriptions"]:
            self.elb.register_targets(TargetGroupArn=wire, Targets=[{"Id": target["Target"]["Id"], "Port": target["Target"]["Port"]}])
        wait_until(lambda: self.states(wire) == ["healthy"] * 2, "the targets take connections")
        check("connections are carried", self.get(port=TCP_PORT) == (200, "green"), self.get(port=TCP_PORT))
        taken = socket.create_server(("127.0.0.1", FORM_PORT))
        listener = self.elb.create_listener(LoadBalancerArn=network, Protocol="TCP", Port=FORM_PORT,
                                            DefaultActions=[{"Type": "forward", "TargetGroupArn": wire}])["Listeners"][0]
        state = lambda: self.elb.describe_load_balancers(Names=["wire"])["LoadBalancers"][0]["State"]  # noqa: E731
        wait_until(lambda: state()["Code"] == "active_impaired", "a port that is taken is told")
        check("with its reason", "cannot be listened on" in state()["Reason"], state())
        self.elb.delete_listener(ListenerArn=listener["ListenerArn"])
        taken.close()

    def over_tls(self, authority: object) -> str:
        """Asks over TLS, by the certificate's name."""
        context = ssl.create_default_context(cafile=str(authority))
        try:
            with socket.create_connection(("127.0.0.1", HTTPS_PORT), timeout=10) as plain:
                with context.wrap_socket(plain, server_hostname="web.test") as stream:
                    stream.sendall(b"GET / HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n")
                    return b"".join(iter(lambda: stream.recv(4096), b"")).decode().rsplit("\r\n\r\n", 1)[1].strip()
        except OSError:
            return ""

    def in_the_browser(self) -> None:
        """The pages show it all and change by themselves; a form makes another load balancer."""
        endpoint = self.gantry.env["AWS_ENDPOINT_URL"]
        with chromium() as browser:
            context = browser.new_context()
            sign_in(context, endpoint, self.gantry.env)
            page = context.new_page()
            open_page(page, f"{endpoint}/load-balancers/front")
            page.get_by_text("2 of 2 healthy").first.wait_for()
            page.get_by_text("forward to blue 0%, green 100%").wait_for()
            check("a page shows rules and targets", page.get_by_text("redirect (301)").count() == 1)
            self.ecs.update_service(service="web", desiredCount=3)
            page.get_by_text("3 of 3 healthy").first.wait_for(timeout=60_000)
            check("and changes when tasks come", True)
            open_page(page, f"{endpoint}/create-load-balancer")
            page.get_by_label("Name", exact=True).fill("shop")
            page.get_by_label("Port", exact=True).fill(str(FORM_PORT))
            page.get_by_role("button", name="Create load balancer").click()
            page.wait_for_url("**/load-balancers/shop")
            page.get_by_text("No targets", exact=True).wait_for()
            check("a form makes a load balancer", self.elb.describe_load_balancers(Names=["shop"])["LoadBalancers"][0]["State"]["Code"] == "active")
            open_page(page, f"{endpoint}/clusters/default/create-service")
            page.get_by_label("Service name").fill("shop")
            page.get_by_label("Task definition").fill("web")
            page.get_by_label("Target group").select_option(label="shop")
            page.get_by_label("Container", exact=True).fill("app")
            page.get_by_label("Container port").fill("8000")
            page.get_by_role("button", name="Create service").click()
            page.wait_for_url("**/services/shop")
            answer = lambda: self.get(port=FORM_PORT) if self.listens(FORM_PORT) else (0, "")  # noqa: E731
            wait_until(lambda: answer()[0] == 200, "the service is reached")
            check("and a service is put behind it", True)
            open_page(page, f"{endpoint}/load-balancers/shop")
            page.get_by_role("button", name="Delete", exact=True).click()
            page.get_by_role("button", name="Delete load balancer").click()
            page.wait_for_url("**/load-balancers")
            left = [found["LoadBalancerName"] for found in self.elb.describe_load_balancers()["LoadBalancers"]]
            check("it is deleted", left == ["front", "wire"], left)

    def listens(self, port: int) -> bool:
        """Whether a connection is taken."""
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return True
        except OSError:
            return False


if __name__ == "__main__":
    main()
