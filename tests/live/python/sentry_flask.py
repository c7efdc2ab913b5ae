"""A shop under Sentry's SDK: the Flask and logging integrations, logs and traces switched on beside errors."""

import logging
import os

import sentry_sdk
from flask import Flask, request

PRICES = {"apple": 3}
app = Flask("shop")
log = logging.getLogger("shop")


class NoCarrier(Exception):
    pass


@app.get("/price/<name>")
def price(name):
    sentry_sdk.set_user({"id": request.headers.get("X-User")})
    sentry_sdk.add_breadcrumb(category="shop", message=f"asked for {name}")
    return str(look_up(name))


def look_up(name):
    return PRICES[name]


@app.get("/ship/<int:parcel>")
def ship(parcel):
    try:
        return str(1 / 0)
    except ZeroDivisionError as error:
        raise NoCarrier(f"parcel {parcel} stays") from error


@app.get("/rate/<tenant>")
def rate(tenant):
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = ["{{ default }}", tenant]
        try:
            return str(int(tenant))
        except ValueError:
            log.exception("no rate for %s", tenant)
            return "0"


@app.get("/slow/<int:seconds>")
def slow(seconds):
    log.error("import of %s took %d s", "prices", seconds)
    return "late"


def main():
    sentry_sdk.init(
        dsn=os.environ["DSN"],
        release=os.environ.get("RELEASE"),
        environment="test",
        server_name="web-1",
        traces_sample_rate=1.0,
        enable_logs=True,
        send_default_pii=True,
    )
    if service := os.environ.get("SERVICE"):
        sentry_sdk.set_tag("service", service)
    client = app.test_client()
    for path, user in (
        ("/price/apple", "ann"),
        ("/price/pear?token=s3cret", "ann"),
        ("/price/plum", "bob"),
        ("/ship/1", "ann"),
        ("/ship/2", "ann"),
        ("/rate/east", "ann"),
        ("/rate/west", "ann"),
        ("/slow/40", "ann"),
        ("/slow/50", "bob"),
    ):
        print(path, client.get(path, headers={"X-User": user}).status_code)
    sentry_sdk.flush(10)
    print("done")


if __name__ == "__main__":
    main()
