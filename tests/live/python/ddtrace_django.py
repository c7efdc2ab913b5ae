"""A back office under `ddtrace-run`: Django in one file."""

import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.http import Http404, HttpResponse
from django.template import Context, Template
from django.test import Client
from django.urls import path

TICKETS = {1: "open"}


class Locked(Exception):
    """Somebody else edits it."""


class LockMiddleware:
    """Refuses what is locked, before any view."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "lock" in request.GET:
            raise Locked(f"ticket {request.GET['lock']} is locked")
        return self.get_response(request)


def state_of(number):
    return TICKETS[number]


def ticket(request, number):
    return HttpResponse(state_of(number))


def missing(request):
    raise Http404("no such page")


def report(request):
    return HttpResponse(Template("{% include 'row.html' %}").render(Context({"rows": [1]})))


def rows(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tickets_of_2031")
    return HttpResponse("never")


urlpatterns = [
    path("ticket/<int:number>", ticket),
    path("missing", missing),
    path("report", report),
    path("rows", rows),
]


def main(paths):
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", f"{__name__}.LockMiddleware"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="of no use to anybody",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    django.setup()
    call_command("check", verbosity=0)
    client = Client(raise_request_exception=False)
    for address in paths:
        print(address, client.get(address).status_code)
    print("done")


if __name__ == "__main__":
    main(sys.argv[1:])
