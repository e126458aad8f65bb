"""Links exchanged for sessions, at control."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.means import means_over

from argosy.control.machines.entrance import Entrance
from argosy.ground import notebooks as sites
from argosy.ground.clock import ManualClock
from argosy.ground.doors import DoorAnswer, DoorRequest
from argosy.state import notebooks
from argosy.state.database import open_database
from argosy.state.notebook_links import LINK_S, with_link
from argosy.state.notebooks import NOTEBOOK
from argosy.state.records import Records

NOW = 1_700_000_000.0


class Place:
    """An instance in service, and its entrance."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = ManualClock(NOW)
        self.engine = open_database(folder / "db")
        self.records = Records(self.engine)
        self.entrance = Entrance(means_over(self.records, folder, self.clock, **settings))
        document = notebooks.new_notebook("arn:lab", {}, NOW)
        document["machine"], self.token = with_link(document["machine"], 1800, NOW)
        self.secret = document["machine"]["secret"]
        self.record = self.records.create(
            NOTEBOOK, "1", "r", "lab", dict(document), now=NOW, status=notebooks.IN_SERVICE
        )
        self.site = notebooks.site_of(self.record)

    def visit(self, token: str, site: str = "", cookie: str = "") -> DoorAnswer:
        request = DoorRequest(
            method="GET",
            path=f"{site or self.site}/",
            query=f"view=lab&{sites.TOKEN}={token}",
            headers=(("cookie", f"a=b; {sites.COOKIE}={cookie}"),),
        )
        return asyncio.run(self.entrance(request))

    def session_of(self, answer: DoorAnswer) -> str:
        return sites.cookie_of(dict(answer.headers)["Set-Cookie"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.engine.dispose()


def test_a_link_leads_to_jupyterlab_with_a_session_of_its_length(place: Place) -> None:
    answer = place.visit(place.token)

    headers = dict(answer.headers)
    assert (answer.status, headers["Location"]) == (303, f"{sites.site_path(place.site)}lab")
    session = place.session_of(answer)
    assert sites.session_ends(place.secret, session, NOW) == NOW + 1800
    assert headers["Set-Cookie"].partition("; ")[2] == (
        f"Path={sites.site_path(place.site)}; Max-Age=1800; HttpOnly; SameSite=Lax"
    )
    assert headers["Referrer-Policy"] == "no-referrer"


def test_by_tls_the_cookie_is_for_tls_alone(tmp_path: Path) -> None:
    place = Place(tmp_path, tls_cert="there")
    assert dict(place.visit(place.token).headers)["Set-Cookie"].endswith("; Secure")
    place.engine.dispose()


def test_a_link_is_good_once_but_whoever_is_in_already_comes_in(place: Place) -> None:
    session = place.session_of(place.visit(place.token))

    again = place.visit(place.token)

    assert again.status == 403
    assert b"CreatePresignedNotebookInstanceUrl" in again.body
    let_in = place.visit(place.token, cookie=session)
    assert let_in.status == 303
    assert "Set-Cookie" not in dict(let_in.headers)


def test_a_link_that_is_five_minutes_old_opens_nothing(place: Place) -> None:
    place.clock.advance(LINK_S)

    assert place.visit(place.token).status == 403


@pytest.mark.parametrize("token", ["", "x", "%00", "%ff"])
def test_what_was_not_given_out_opens_nothing(place: Place, token: str) -> None:
    assert place.visit(token).status == 403
    assert place.visit(place.token).status == 303


def test_a_link_of_another_instance_opens_nothing(place: Place) -> None:
    other = notebooks.new_notebook("arn:other", {}, NOW)
    made = place.records.create(
        NOTEBOOK, "1", "r", "other", dict(other), now=NOW, status=notebooks.IN_SERVICE
    )

    assert place.visit(place.token, notebooks.site_of(made)).status == 403


def test_a_link_to_a_stopped_instance_says_that_it_does_not_run(place: Place) -> None:
    place.records.update(place.record, now=NOW, status=notebooks.STOPPED)

    answer = place.visit(place.token)

    assert answer.status == 404
    assert b"is stopped or gone" in answer.body
