"""A worker as its jobs want it: it answers, takes memory, dies. It speaks as the real one does."""

import json
import sys
import time
from pathlib import Path


def say(**message: object) -> None:
    print(json.dumps(message), flush=True)


held = bytearray()
for line in sys.stdin:
    job = json.loads(line)
    with Path(job["journal"]).open("a") as journal:
        journal.write(f"begin {job['name']} {time.monotonic()}\n")
    for number, value in enumerate(job.get("values", []), start=1):
        say(said="evaluation", number=number, mean_auc=value)
        if json.loads(sys.stdin.readline())["stop"]:
            say(said="stopped")
            break
    else:
        held = bytearray(job.get("bytes", 0))
        held[::4096] = b"x" * len(held[::4096])
        if Path(job["journal"]).read_text().count(f"begin {job['name']} ") <= job.get("deaths", 0):
            sys.exit(7)
        time.sleep(job.get("seconds", 0))
        with Path(job["journal"]).open("a") as journal:
            journal.write(f"end {job['name']} {time.monotonic()}\n")
        say(said="done", found={"peak_bytes": len(held) + 20_000_000, "name": job["name"]})
        if job.get("leaves"):
            sys.exit(0)
    held = bytearray()
