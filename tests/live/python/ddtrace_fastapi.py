"""A gateway under `ddtrace-run`: FastAPI, called over HTTP on loopback."""

import asyncio
import socket
import sys
import threading
import urllib.error
import urllib.request
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()
RATES = {"EUR": 1.0}


class Quota(Exception):
    """Too many calls."""


async def rate_of(currency: str) -> float:
    await asyncio.sleep(0)
    return RATES[currency]


def quota(left: int = 1) -> int:
    if left < 0:
        raise Quota(f"{left} calls left")
    return left


@app.get("/rate/{currency}")
async def rate(currency: str) -> float:
    return await rate_of(currency)


@app.get("/quota")
def spent(left: Annotated[int, Depends(quota)]) -> int:
    return left


@app.get("/gone")
async def gone() -> None:
    raise HTTPException(status_code=410, detail="gone")


def main(paths: list[str]) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
    thread.start()
    for path in paths:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{listening.getsockname()[1]}{path}", timeout=10) as answer:
                print(path, answer.status)
        except urllib.error.HTTPError as refused:
            print(path, refused.code)
    server.should_exit = True
    thread.join()
    print("done")


if __name__ == "__main__":
    main(sys.argv[1:])
