"""The console as an operator meets it: the processes as they are started, a link, a page, a stream."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Mapping
from html import unescape
from urllib.parse import urlencode, urlsplit

import pytest

from tests.system.accounts import Accounts
from tests.system.running import WEB
from tests.system.web import Answer, get, post

pytestmark = pytest.mark.system

ENDS_WITHIN_S = 8.0  # the longest wait for a request under way is 15 s


def cookies(answer: Answer, name: str) -> str:
    found = re.search(rf"({name}=[^;]+)", answer.headers["set-cookie"])
    assert found is not None
    return found[1]


def sign_in(embedded: Accounts) -> Mapping[str, str]:
    """Use a link as a browser does: open it, then press its button."""
    link = embedded.bridge.said("console", "link", "--url", embedded.bridge.url)["url"]
    page = get(link)
    (token,) = re.findall(r'name="form_token" value="([^"]*)"', page.body.decode())
    headers = {
        "Cookie": cookies(page, "bridge-form"),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    sent = post(link, urlencode({"form_token": unescape(token)}).encode(), headers)
    assert (sent.status, sent.headers["location"]) == (302, "/console/")
    return {"Cookie": cookies(sent, "bridge-session")}


def test_a_link_leads_in_and_a_stream_ends_with_its_worker(embedded: Accounts) -> None:
    embedded.bridge.start(WEB)
    assert get(f"{embedded.bridge.url}/console/").status == 302
    signed_in = sign_in(embedded)
    assert b"acme" in get(f"{embedded.bridge.url}/console/", signed_in).body
    connection = http.client.HTTPConnection(urlsplit(embedded.bridge.url).netloc, timeout=30)
    connection.request("GET", "/console/api/stream?topic=overview", headers=dict(signed_in))
    stream = connection.getresponse()
    assert stream.readline().startswith(b"retry:")
    stream.readline()
    assert stream.readline() == b"event: overview\n"
    assert embedded.send(embedded.invent(6164069643998)).status == 202  # beside it
    began = time.monotonic()
    embedded.bridge.terminate(WEB)
    assert time.monotonic() - began < ENDS_WITHIN_S
    stream.read()  # to its end
    connection.close()
