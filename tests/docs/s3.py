"""What stands for a storage service on the pages: `python -m tests.docs.s3 HOST:PORT BUCKET`."""

import runpy
import sys
import threading

import httpx


def make_bucket(address: str, name: str) -> None:
    """Once the service answers; then it is ready."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as http:
        http.put(f"http://{address}/{name}").raise_for_status()
    print("ready", flush=True)


if __name__ == "__main__":
    address, bucket = sys.argv[1:]
    threading.Thread(target=make_bucket, args=(address, bucket), daemon=True).start()
    host, _, port = address.rpartition(":")
    sys.argv = ["moto_server", "-H", host, "-p", port]
    runpy.run_module("moto.server", run_name="__main__")
