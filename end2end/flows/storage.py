#!/usr/bin/env python3
"""Layers in S3: clients are sent to the bucket or served through, and nothing is lost by a crash."""

import hashlib
import json
import logging
import os
import subprocess
from contextlib import contextmanager

import boto3
import requests
from harness import Gantry, check, docker, finish, wait_until
from moto.server import ThreadedMotoServer

PORT = 18100
S3_PORT = 18101
S3 = f"http://127.0.0.1:{S3_PORT}"
BUCKET = "images"
OPTIONS = ("--storage-option", f"endpoint={S3}", "--storage-option", "allow_http=true",
           "--storage-option", "access_key_id=k", "--storage-option", "secret_access_key=s",
           "--storage-option", "region=us-east-1")


@contextmanager
def bucket():  # noqa: ANN201 - boto3 makes its clients' types at run time
    """A client of a server of S3 with an empty bucket."""
    server = ThreadedMotoServer("127.0.0.1", S3_PORT, verbose=False)
    server.start()
    s3 = boto3.client("s3", endpoint_url=S3, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    s3.create_bucket(Bucket=BUCKET)
    yield s3
    server.stop()


def keys(s3) -> set[str]:  # noqa: ANN001
    """The names of all objects."""
    return {o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
            for o in page.get("Contents", [])}


class Client:
    """The HTTP side of the registry."""

    def __init__(self, gantry: Gantry) -> None:
        token = gantry.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
        self.url = f"{gantry.env['AWS_ENDPOINT_URL']}/v2/big"
        self.headers = {"Authorization": f"Basic {token}"}

    def call(self, method: str, path: str, **how: object) -> requests.Response:
        """One request, redirects left alone."""
        return requests.request(method, path if "://" in path else self.url + path, headers=self.headers | dict(
            how.pop("headers", {})), allow_redirects=False, timeout=60, **how)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def main() -> None:
    """The steps, in order."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with bucket() as s3:
        with Gantry(PORT, "--no-agent", "--storage", f"s3://{BUCKET}/gantry", *OPTIONS) as gantry:
            gantry.client("ecr").create_repository(repositoryName="web")
            gantry.client("ecr").create_repository(repositoryName="big")
            image = gantry.push("web:v1")
            check("layers are objects named by their digests", keys(s3) and
                  all(k.startswith("gantry/blobs/sha256/") for k in keys(s3)), keys(s3))
            local = [p for p in (gantry.data / "blobs").rglob("*") if p.is_file()]
            check("and no file of the data directory", not local, local)
            docker("rmi", "-f", image)
            docker("pull", image)
            check("docker pulls them from the bucket", docker("image", "inspect", "-f", "{{.Id}}", image))
            a_large_layer(gantry, s3)
            an_upload_goes_on_after_a_crash(gantry)
            what_is_deleted_goes(gantry)
        with Gantry(PORT, "--no-agent", "--storage", f"s3://{BUCKET}/proxied", "--storage-proxy", *OPTIONS) as gantry:
            gantry.client("ecr").create_repository(repositoryName="big")
            served_through(gantry)
    nonsense()
    finish()


def a_large_layer(gantry: Gantry, s3) -> None:  # noqa: ANN001
    """A layer of several parts; by its signed address it can be fetched in ranges, without credentials."""
    client, data = Client(gantry), os.urandom(40 << 20)
    digest = digest_of(data)
    begun = client.call("POST", "/blobs/uploads/").headers["location"]
    put = client.call("PUT", f"{gantry.env['AWS_ENDPOINT_URL']}{begun}?digest={digest}", data=data)
    check("a large layer is taken", put.status_code == 201, put.text)
    etag = s3.head_object(Bucket=BUCKET, Key=f"gantry/blobs/sha256/{digest[7:9]}/{digest[7:]}")["ETag"]
    check("as a multipart upload", etag.endswith('-3"'), etag)
    sent = client.call("GET", f"/blobs/{digest}")
    check("clients are sent to the bucket", sent.status_code == 307 and sent.headers["location"].startswith(S3),
          sent.headers)
    part = requests.get(sent.headers["location"], headers={"Range": "bytes=1000-1999"}, timeout=60)
    check("where they fetch any range", (part.status_code, part.content) == (206, data[1000:2000]), part.status_code)
    head = client.call("HEAD", f"/blobs/{digest}")
    check("a HEAD is answered here", (head.status_code, head.headers["content-length"]) == (200, str(len(data))))


def an_upload_goes_on_after_a_crash(gantry: Gantry) -> None:
    """What had arrived of a layer is there after a kill -9."""
    client, data = Client(gantry), os.urandom(5 << 20)
    location = client.call("POST", "/blobs/uploads/").headers["location"]
    base = gantry.env["AWS_ENDPOINT_URL"]
    client.call("PATCH", f"{base}{location}", data=data[: 2 << 20])
    gantry.kill9()
    gantry.start()
    state = client.call("GET", f"{base}{location}")
    check("an upload goes on after a crash", state.headers["range"] == f"0-{(2 << 20) - 1}", state.headers)
    client.call("PATCH", f"{base}{location}", data=data[2 << 20:])
    put = client.call("PUT", f"{base}{location}?digest={digest_of(data)}")
    got = client.call("GET", f"/blobs/{digest_of(data)}")
    bytes_ = requests.get(got.headers["location"], timeout=60).content
    check("and is whole", put.status_code == 201 and bytes_ == data, put.text)


def what_is_deleted_goes(gantry: Gantry) -> None:
    """A blob that no repository shows any more is refused here; the bucket is not asked."""
    ecr, client = gantry.client("ecr"), Client(gantry)
    found = ecr.batch_get_image(repositoryName="web", imageIds=[{"imageTag": "v1"}])["images"][0]
    config = json.loads(found["imageManifest"])["config"]["digest"]
    path = f"{gantry.env['AWS_ENDPOINT_URL']}/v2/web/blobs/{config}"
    check("a small blob is served from here", client.call("GET", path).status_code == 200)
    ecr.delete_repository(repositoryName="web", force=True)
    check("until its repository is deleted", client.call("GET", path).status_code == 404)


def served_through(gantry: Gantry) -> None:
    """With --storage-proxy the bytes come through Gantry, in ranges too."""
    client, data = Client(gantry), os.urandom(9 << 20)
    digest = digest_of(data)
    begun = client.call("POST", "/blobs/uploads/").headers["location"]
    client.call("PUT", f"{gantry.env['AWS_ENDPOINT_URL']}{begun}?digest={digest}", data=data)
    whole = client.call("GET", f"/blobs/{digest}")
    check("bytes are served through", (whole.status_code, whole.content == data) == (200, True), whole.status_code)
    part = client.call("GET", f"/blobs/{digest}", headers={"Range": "bytes=5000000-8999999"})
    check("and ranges of them", (part.status_code, part.content == data[5000000:9000000]) == (206, True), part.status_code)


def nonsense() -> None:
    """A storage that is not there stops the start, with the reason."""
    with Gantry(PORT, "--no-agent") as gantry:
        data = str(gantry.data)
        gantry.stop()
        done = subprocess.run([os.environ["GANTRY_BIN"], "serve", "--no-agent", "--data-dir", data, "--listen",
                               f"127.0.0.1:{PORT}", "--storage", "s3://nowhere", *OPTIONS, "--storage-option",
                               "colour=blue"], capture_output=True, text=True, timeout=60, check=False)
        check("a storage that makes no sense stops the start", done.returncode == 1 and "no option 'colour'" in done.stderr,
              done.stderr)
        gantry.start()
        wait_until(gantry.ready, "it starts without")


if __name__ == "__main__":
    main()
