"""A shop under `ddtrace-run`: each path fails in its own way, or does not."""

import os
import sqlite3
import sys
import threading
import urllib.error
import urllib.request

from ddtrace import tracer
from flask import Flask, abort, render_template_string, request
from werkzeug.serving import make_server

STOCK = {"pear": 4}
app = Flask("shop")


class Declined(Exception):
    """A payment that the bank refused."""


def stock_of(name):
    return STOCK[name]


def reserve(order):
    with tracer.trace("shop.reserve"), tracer.trace("shop.bank", service=None):
        raise Declined(f"order {order} was declined")


@app.before_request
def identify():
    if name := request.args.get("user"):
        tracer.current_root_span().set_tags({"usr.id": name, "usr.email": f"{name}@shop.example"})
    if request.args.get("tenant") == "none":
        raise PermissionError("no such tenant")


@app.errorhandler(OverflowError)
def too_much(error):
    return f"too much: {error}", 500


@app.errorhandler(LookupError)
def not_there(error):
    if isinstance(error, KeyError):
        raise error
    return "not there", 404


@app.get("/stock/<name>")
def stock(name):
    return str(stock_of(name))


@app.get("/order/<int:number>")
def order(number):
    try:
        reserve(number)
    except Declined as error:
        raise RuntimeError("no order without payment") from error


@app.get("/rows/<table>")
def rows(table):
    with sqlite3.connect(":memory:") as db:
        return str(db.execute(f"SELECT * FROM {table}").fetchall())


@app.get("/page")
def page():
    return render_template_string("{{ order.lines.total }}")


@app.get("/overflow")
def overflow():
    raise OverflowError("7 pallets")


@app.get("/list/<int:place>")
def place(place):
    return ["first"][place]


@app.get("/teapot")
def teapot():
    abort(418)


@app.get("/busy")
def busy():
    return "try again", 503


@app.get("/retried")
def retried():
    with tracer.trace("shop.retry") as span:
        for _ in range(2):
            try:
                stock_of("plum")
            except KeyError as error:
                span.record_exception(error)
    return "in the end"


@app.get("/bare")
def bare():
    with sqlite3.connect(":memory:") as db:
        try:
            db.execute("SELECT * FROM nowhere")
        except sqlite3.OperationalError:
            return "none"


def main(paths):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for path in paths:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as answer:
                print(path, answer.status)
        except urllib.error.HTTPError as refused:
            print(path, refused.code)
    server.shutdown()
    thread.join()
    if os.environ.get("CRASH"):
        import ctypes

        ctypes.string_at(0)
    print("done")


if __name__ == "__main__":
    main(sys.argv[1:])
