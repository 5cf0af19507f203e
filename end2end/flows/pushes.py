#!/usr/bin/env python3
"""200 pushes while the server is killed again and again: what was acknowledged pulls back, and nothing half is visible."""

import hashlib
import json
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import requests
from harness import Gantry, check, finish, wait_until

PORT = 18112
PUSHES, WORKERS, CRASHES = 200, 6, 12
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Pusher:
    """Pushes images to one repository, and knows which were acknowledged."""

    def __init__(self, gantry: Gantry) -> None:
        self.gantry = gantry
        self.base = gantry.env["AWS_ENDPOINT_URL"]
        token = gantry.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
        self.headers = {"Authorization": f"Basic {token}"}
        self.acknowledged: dict[str, str] = {}
        self.tried: set[str] = set()

    def call(self, method: str, path: str, **how: object) -> requests.Response:
        """One request; what is not a success is a failure."""
        headers = self.headers | dict(how.pop("headers", {}))
        answer = requests.request(method, self.base + path, headers=headers, timeout=20, **how)
        answer.raise_for_status()
        return answer

    def blob(self, data: bytes) -> dict[str, object]:
        """Pushes a blob, by one request, by two or in chunks; answers its descriptor."""
        digest, uploads = digest_of(data), "/v2/app/blobs/uploads/"
        way = random.randrange(3)
        if way == 0:
            self.call("POST", f"{uploads}?digest={digest}", data=data)
        else:
            location = self.call("POST", uploads).headers["location"]
            if way == 2:
                location = self.call("PATCH", location, data=data[: len(data) // 2]).headers["location"]
                self.call("PUT", f"{location}?digest={digest}", data=data[len(data) // 2:])
            else:
                self.call("PUT", f"{location}?digest={digest}", data=data)
        return {"digest": digest, "size": len(data)}

    def push(self, number: int) -> None:
        """Pushes image `number`; a failure ends it there, as a client that gives up would."""
        tag = f"v{number}"
        wait_until(self.gantry.ready, "the server is back")
        self.tried.add(tag)
        try:
            config = self.blob(json.dumps({"architecture": "amd64", "os": "linux", "number": number}).encode())
            layers = [self.blob(os.urandom(random.randrange(1, 200_000))) for _ in range(random.randrange(1, 4))]
            manifest = json.dumps({
                "schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config | {"mediaType": CONFIG_TYPE},
                "layers": [layer | {"mediaType": LAYER_TYPE} for layer in layers]}).encode()
            self.call("PUT", f"/v2/app/manifests/{tag}", data=manifest, headers={"Content-Type": MANIFEST_TYPE})
            self.acknowledged[tag] = digest_of(manifest)
        except requests.RequestException:
            pass


def pulls_back(pusher: Pusher, tag: str) -> str:
    """The digest of an image that is whole: each blob is what its digest says."""
    manifest = pusher.call("GET", f"/v2/app/manifests/{tag}", headers={"Accept": MANIFEST_TYPE})
    named = manifest.json()
    for blob in [named["config"], *named["layers"]]:
        data = pusher.call("GET", f"/v2/app/blobs/{blob['digest']}").content
        if digest_of(data) != blob["digest"]:
            raise AssertionError(f"{tag}: {blob['digest']} is something else")
    return digest_of(manifest.content)


def main() -> None:
    """Pushes in threads; each time some have been acknowledged, a crash."""
    with Gantry(PORT, "--no-agent") as gantry:
        gantry.client("ecr").create_repository(repositoryName="app")
        pusher, crashes = Pusher(gantry), 0
        done = threading.Event()

        def crash() -> int:
            """Kills the server once every few pushes, at any point of those that are on their way."""
            count, every = 0, PUSHES // (CRASHES + 1)
            while not done.wait(random.uniform(0.0, 0.05)):
                if len(pusher.tried) >= (count + 1) * every and count < CRASHES:
                    gantry.kill9()
                    gantry.start()
                    count += 1
            return count

        with ThreadPoolExecutor(WORKERS + 1) as threads:
            crashing = threads.submit(crash)
            list(threads.map(pusher.push, range(PUSHES)))
            done.set()
            crashes = crashing.result()
        check("the server was killed while they pushed", crashes >= CRASHES // 2, crashes)
        check("pushes were acknowledged between", len(pusher.acknowledged) >= PUSHES // 2, len(pusher.acknowledged))
        pulled = {tag: pulls_back(pusher, tag) for tag in pusher.acknowledged}
        check("what was acknowledged pulls back with its digest", pulled == pusher.acknowledged)
        listed = set(pusher.call("GET", "/v2/app/tags/list").json()["tags"])
        check("nothing else is visible but what was on its way", pusher.acknowledged.keys() <= listed <= pusher.tried,
              listed - pusher.tried)
        # A push whose answer was lost may have been kept; then it was kept whole.
        for tag in listed - pusher.acknowledged.keys():
            pulls_back(pusher, tag)
        check("and that is whole", True)
        print(f"{crashes} crashes, {len(pusher.acknowledged)} of {PUSHES} acknowledged, {len(listed)} visible")
    finish()


if __name__ == "__main__":
    main()
