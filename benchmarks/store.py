"""How many small objects a second the object store alone puts into the embedded cloud."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cos.bucket_settings import BucketSettings
from sitepub.tencent.cos.object_store import CosObjectStore

HEADERS = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}


def put_all(store: CosObjectStore, count: int, size: int, threads: int) -> tuple[float, float]:
    """Seconds of wall clock and of this process's processor time."""
    body = random.Random(7).randbytes(size)

    def put_share(first: int) -> None:
        for number in range(first, count, threads):
            store.put(f"posts/{number % 100}/{number}.html", number.to_bytes(8) + body[8:], HEADERS)

    began, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(put_share, range(threads)))
    return time.perf_counter() - began, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=4096, help="bytes of an object")
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before every answer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sitepub-bench-") as folder:
        command = [sys.executable, "-m", "sitepub.local", "--data", str(Path(folder) / "cloud"), "--port", "0",
                   "--latency", str(options.latency), "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                found = json.loads(server.stdout.readline())
                host, _, port = found["endpoint"].removeprefix("http://").partition(":")
                cloud = Cloud(Credentials(found["secret_id"], found["secret_key"]), found["app_id"],
                              found["region"], Embedded(host, int(port)))
                bucket = f"bench-{cloud.app_id}"
                BucketSettings(cloud, bucket).create()
                store = CosObjectStore(cloud, bucket, connections=options.threads)
                seconds, cpu = put_all(store, options.objects, options.size, options.threads)
                store.close()
            finally:
                server.terminate()
    print(json.dumps({"objects": options.objects, "bytes_each": options.size, "threads": options.threads,
                      "latency_ms": options.latency, "seconds": round(seconds, 2),
                      "puts_per_second": round(options.objects / seconds),
                      "client_cpu_ms_per_put": round(cpu / options.objects * 1000, 3)}, indent=1))


if __name__ == "__main__":
    main()
