"""Jobs of a hub."""

import time

from hub import Hub

JOB_S = 120


def ended(hub: Hub, job: int) -> dict:
    until = time.monotonic() + JOB_S
    while True:
        shown = hub.get(f"/api/waag/v1/jobs/{job}").json()
        if shown["state"] not in ("queued", "running"):
            return shown
        assert time.monotonic() < until, shown
        time.sleep(0.1)
