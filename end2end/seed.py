"""What a Gantry in use has: images, two revisions, services that run and one that cannot, tasks that ended."""

import json

from harness import Gantry, wait_until

CLUSTER = "default"
LOGS = "/ecs/shop"
SCHEDULE, SECRET, DATABASE = "orders", "shop/database", "/shop/database-url"
SERVICE = "web"
SERVING = """trap 'exit 0' TERM
while true; do echo '{"level":"info","path":"/","status":200}'; sleep 1 & wait $!; done"""
FAILING = "echo reading batch 8812; echo 'ERROR batch 8812: no such file' >&2; exit 3"
STAGED = "careful"


def container(image: str, flow: str, **members: object) -> dict[str, object]:
    """A container that runs until it is told to stop, with the label by which the flow removes it."""
    script = "trap 'exit 0' TERM; while true; do sleep 1 & wait $!; done"
    return {"name": "app", "image": image, "cpu": 32, "memory": 32, "stopTimeout": 2, "command": ["sh", "-c", script],
            "dockerLabels": {"gantry.flow": flow}} | members


def writes(gantry: Gantry, prefix: str, script: str) -> dict[str, object]:
    """The members of a container that writes to a log."""
    options = {"awslogs-group": LOGS, "awslogs-region": gantry.env["AWS_DEFAULT_REGION"],
               "awslogs-stream-prefix": prefix, "awslogs-create-group": "true"}
    return {"command": ["sh", "-c", script], "logConfiguration": {"logDriver": "awslogs", "options": options}}


def seed(gantry: Gantry) -> None:
    """Fills an empty Gantry and waits until everything is as it will stay."""
    ecs, ecr, flow = gantry.client("ecs"), gantry.client("ecr"), gantry.data.name
    for name in ("hello", "team/api"):
        ecr.create_repository(repositoryName=name)
    image = gantry.push("hello:1")
    gantry.push("hello:2")
    wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the local host")
    secret = hide(gantry)
    web = container(
        image, flow,
        portMappings=[{"containerPort": 8080, "hostPort": 0}],
        environment=[{"name": "GREETING", "value": "hello"}, {"name": "TOKEN", "value": "s3cret"}],
        secrets=[{"name": "DB_PASSWORD", "valueFrom": f"{secret}:password::"}, {"name": "DB_URL", "valueFrom": DATABASE}],
        healthCheck={"command": ["CMD-SHELL", "true"], "interval": 5},
        **writes(gantry, "web", SERVING),
    )
    helper = container(image, flow, name="helper", essential=False, dependsOn=[{"containerName": "app", "condition": "HEALTHY"}])
    ecs.register_task_definition(family="web", containerDefinitions=[web, helper])
    web["environment"][0]["value"] = "good day"
    ecs.register_task_definition(family="web", containerDefinitions=[web | {"memory": 48}, helper])
    ecs.register_task_definition(family="job", containerDefinitions=[container(image, flow, **writes(gantry, "job", FAILING))])
    ecs.register_task_definition(family="broken", containerDefinitions=[container(f"{gantry.env['GANTRY_REGISTRY']}/hello:none", flow)])
    ecs.register_task_definition(
        family="fargate", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        containerDefinitions=[container(image, flow)],
    )
    ecs.create_service(serviceName=SERVICE, taskDefinition="web:1", desiredCount=3)
    ecs.create_service(serviceName="broken", taskDefinition="broken", desiredCount=1)
    ecs.create_cluster(clusterName="blue")
    ecs.create_cluster(clusterName="empty")
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
    ecs.run_task(cluster="blue", taskDefinition="fargate", launchType="FARGATE", networkConfiguration=network)
    plan(gantry)
    balance(gantry)
    job = ecs.run_task(taskDefinition="job")["tasks"][0]["taskArn"]
    wait_until(lambda: status(gantry, job) == "STOPPED", "the job has ended")
    wait_until(lambda: steady(gantry, SERVICE), "the service is steady")
    wait_until(lambda: said(gantry, "broken"), "the broken service has said so")
    pause(gantry)
    rest(gantry)


def plan(gantry: Gantry) -> None:
    """Schedules: one that runs, one that finds no room, and one that is disabled."""
    events, clusters = gantry.client("events"), gantry.client("ecs").describe_clusters(clusters=["default", "empty"])
    arns = {cluster["clusterName"]: cluster["clusterArn"] for cluster in clusters["clusters"]}
    for name, cluster, schedule, state in ((SCHEDULE, "default", "rate(1 minute)", "ENABLED"),
                                           ("no-room", "empty", "rate(1 minute)", "ENABLED"),
                                           ("yearly", "default", "cron(0 12 1 1 ? *)", "DISABLED")):
        events.put_rule(Name=name, ScheduleExpression=schedule, State=state, Description="counts the day's orders")
        target = {"Id": "count", "Arn": arns[cluster], "EcsParameters": {"TaskDefinitionArn": "job", "LaunchType": "EC2"}}
        events.put_targets(Rule=name, Targets=[target])


def balance(gantry: Gantry) -> None:
    """A load balancer with rules and two target groups: one of whose targets does not answer, and one without any."""
    elb, port = gantry.client("elbv2"), int(gantry.listen.rsplit(":", 1)[1])
    balancer = elb.create_load_balancer(Name="front")["LoadBalancers"][0]["LoadBalancerArn"]
    groups = [elb.create_target_group(Name=name, Protocol="HTTP", Port=8080, TargetType="ip", HealthCheckPath="/healthz",
                                      HealthCheckIntervalSeconds=5)["TargetGroups"][0]["TargetGroupArn"] for name in ("shop", "shop-next")]
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": [
        {"TargetGroupArn": groups[0], "Weight": 95}, {"TargetGroupArn": groups[1], "Weight": 5}]}}
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port + 100, DefaultActions=[forward])
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    elb.create_rule(ListenerArn=listener["Listeners"][0]["ListenerArn"], Priority=10, Actions=[redirect], Conditions=[
        {"Field": "host-header", "Values": ["www.example.com", "example.com"]}, {"Field": "path-pattern", "Values": ["/old/*"]}])
    elb.register_targets(TargetGroupArn=groups[0], Targets=[{"Id": "127.0.0.1", "Port": port}, {"Id": "127.0.0.1", "Port": 9}])
    states = lambda: {t["TargetHealth"]["State"] for t in elb.describe_target_health(TargetGroupArn=groups[0])["TargetHealthDescriptions"]}  # noqa: E731
    wait_until(lambda: states() == {"healthy", "unhealthy"}, "the targets were asked")


def rest(gantry: Gantry) -> None:
    """Has the schedules that were due once not be due again while somebody looks."""
    events, ecs = gantry.client("events"), gantry.client("ecs")
    tasks = lambda: ecs.list_tasks(startedBy=f"events-rule/{SCHEDULE}", desiredStatus="STOPPED")["taskArns"]  # noqa: E731
    wait_until(tasks, "the schedule has run")
    for name in (SCHEDULE, "no-room"):
        events.put_rule(Name=name, ScheduleExpression="rate(1 day)", Description="counts the day's orders")


def hide(gantry: Gantry) -> str:
    """Secrets and parameters. Answers the ARN of the one that the service is given."""
    secrets, ssm = gantry.client("secretsmanager"), gantry.client("ssm")
    made = secrets.create_secret(Name=SECRET, Description="the shop's database", SecretString='{"password": "old"}')
    secrets.put_secret_value(SecretId=SECRET, SecretString='{"password": "new"}')
    secrets.create_secret(Name="shop/mail")
    secrets.create_secret(Name="wiki/database", SecretString="x")
    secrets.delete_secret(SecretId="wiki/database", RecoveryWindowInDays=7)
    ssm.put_parameter(Name=DATABASE, Type="String", Value="postgres://db.internal:5432/shop", Description="where the shop's data are")
    ssm.put_parameter(Name=DATABASE, Value="postgres://db-2.internal:5432/shop", Overwrite=True)
    ssm.label_parameter_version(Name=DATABASE, ParameterVersion=1, Labels=["before-the-move"])
    ssm.put_parameter(Name="/shop/mail-token", Type="SecureString", Value="s3cret")
    return made["ARN"]


def pause(gantry: Gantry) -> None:
    """A service whose deployment goes in stages and pauses once its new revision is up."""
    ecs = gantry.client("ecs")
    ecs.create_service(serviceName=STAGED, taskDefinition="web:1", desiredCount=1)
    wait_until(lambda: steady(gantry, STAGED), "the service that goes in stages is steady")
    hook = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
    stages = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": [hook]}
    update = {"service": STAGED, "taskDefinition": "web:2", "deploymentConfiguration": stages}
    gantry.raw("UpdateService", json.dumps(update))
    wait_until(lambda: deployment(gantry).get("lifecycleHookDetails"), "it pauses")


def deployment(gantry: Gantry) -> dict:
    """The newest deployment of that service, with the members that this botocore does not know."""
    listed = gantry.client("ecs").list_service_deployments(service=STAGED)["serviceDeployments"][0]
    asked = json.dumps({"serviceDeploymentArns": [listed["serviceDeploymentArn"]]})
    return gantry.raw("DescribeServiceDeployments", asked)[1]["serviceDeployments"][0]


def status(gantry: Gantry, task: str) -> str:
    """The last status of a task of the default cluster."""
    return gantry.client("ecs").describe_tasks(tasks=[task])["tasks"][0]["lastStatus"]


def service(gantry: Gantry, name: str) -> dict:
    """A service of the default cluster as it is described."""
    return gantry.client("ecs").describe_services(services=[name])["services"][0]


def steady(gantry: Gantry, name: str) -> bool:
    """Whether a service has all its tasks in one finished deployment."""
    found = service(gantry, name)
    return found["runningCount"] == found["desiredCount"] and len(found["deployments"]) == 1 and found["deployments"][0]["rolloutState"] == "COMPLETED"


def said(gantry: Gantry, name: str) -> bool:
    """Whether a service has events beyond its first."""
    return len(service(gantry, name)["events"]) > 1


def pages(gantry: Gantry) -> dict[str, str]:
    """Every page of the dashboard: a name for its pictures, and its path."""
    ecs, ecr = gantry.client("ecs"), gantry.client("ecr")
    running = ecs.list_tasks(serviceName=SERVICE)["taskArns"][0].rsplit("/", 1)[1]
    stopped = ecs.list_tasks(family="job", desiredStatus="STOPPED")["taskArns"][0].rsplit("/", 1)[1]
    fargate = ecs.list_tasks(cluster="blue")["taskArns"][0].rsplit("/", 1)[1]
    host = ecs.list_container_instances()["containerInstanceArns"][0].rsplit("/", 1)[1]
    digest = ecr.describe_images(repositoryName="hello")["imageDetails"][0]["imageDigest"]
    web = f"/clusters/{CLUSTER}/services/{SERVICE}"
    return {
        "home": "/",
        "events": "/events",
        "logs": "/logs",
        "log-lines": f"/logs/lines?group={LOGS}&stream=job/",
        "log-lines-none": f"/logs/lines?group={LOGS}&q=nobody-wrote-this",
        "log-lines-missing": "/logs/lines?group=/nowhere",
        "load-balancers": "/load-balancers",
        "load-balancer": "/load-balancers/front",
        "create-load-balancer": "/create-load-balancer",
        "schedules": "/schedules",
        "schedule": f"/schedules/{SCHEDULE}",
        "schedule-no-room": "/schedules/no-room",
        "schedule-disabled": "/schedules/yearly",
        "create-schedule": "/create-schedule",
        "secrets": "/secrets",
        "secret": f"/secrets/secret?name={SECRET}",
        "secret-deleted": "/secrets/secret?name=wiki/database",
        "create-secret": "/create-secret",
        "parameters": "/parameters",
        "parameter": f"/parameters/parameter?name={DATABASE}",
        "create-parameter": "/create-parameter",
        "clusters": "/clusters",
        "create-cluster": "/create-cluster",
        "cluster": f"/clusters/{CLUSTER}",
        "cluster-empty": "/clusters/empty",
        "cluster-tasks": f"/clusters/{CLUSTER}/tasks",
        "cluster-tasks-stopped": f"/clusters/{CLUSTER}/tasks?stopped=true",
        "cluster-instances": f"/clusters/{CLUSTER}/instances",
        "cluster-topology": f"/clusters/{CLUSTER}/topology",
        "cluster-topology-table": f"/clusters/{CLUSTER}/topology?view=table&by=cpu&q=web",
        "topology-fargate": "/clusters/blue/topology",
        "cluster-capacity": f"/clusters/{CLUSTER}/capacity",
        "cluster-events": f"/clusters/{CLUSTER}/events",
        "instance": f"/clusters/{CLUSTER}/instances/{host}",
        "create-service": f"/clusters/{CLUSTER}/create-service",
        "run-task": f"/clusters/{CLUSTER}/run-task",
        "service": web,
        "service-tasks": f"{web}/tasks",
        "service-deployments": f"{web}/deployments",
        "service-events": f"{web}/events",
        "service-logs": f"{web}/logs",
        "service-configuration": f"{web}/configuration",
        "service-staged": f"/clusters/{CLUSTER}/services/{STAGED}",
        "service-broken": f"/clusters/{CLUSTER}/services/broken",
        "task": f"/clusters/{CLUSTER}/tasks/{running}",
        "task-stopped": f"/clusters/{CLUSTER}/tasks/{stopped}",
        "task-fargate": f"/clusters/blue/tasks/{fargate}",
        "task-definitions": "/task-definitions",
        "family": "/task-definitions/web",
        "revision": "/task-definitions/web/2",
        "register": "/register-task-definition?from=web:2",
        "repositories": "/repositories",
        "create-repository": "/create-repository",
        "repository": "/repositories/hello",
        "repository-lifecycle": "/repositories/hello?view=lifecycle",
        "repository-settings": "/repositories/hello?view=settings",
        "repository-empty": "/repositories/team/api",
        "image": f"/repositories/hello?image={digest}",
        "boards": "/boards",
        "create-board": "/create-board",
        "board": "/boards/wall",
        "search": "/search?q=web",
        "status": "/status/wall",
        "status-kiosk": "/status/wall?kiosk=1",
        "status-missing": "/status/nowhere",
        "not-found": "/clusters/nowhere",
    }
