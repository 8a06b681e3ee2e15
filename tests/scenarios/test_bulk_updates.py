"""Bulk updates: a hundred users in one call, each with its own result, and nothing lost however it ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.ledger import attempts, looking
from bridge.ledger.zendesk_users import TOGETHER
from bridge.remotes.zendesk import Zendesk
from consumers.to_zendesk.bulk import JOB_LEASE_S
from tests.scenarios.story import Story
from tests.scenarios.way_back import fields_of, know_many, make_fields, row, written, zendesk_writes

MANY = ("PUT", "users/update_many")
DAY_S = 86_400


@pytest.fixture
def people(story: Story) -> list[int]:
    """A hundred and fifty users whom the bridge knows, with nothing owed."""
    make_fields(story)
    numbers = [story.stranger(f"p{number}@example.com") for number in range(TOGETHER + 50)]
    know_many(story, numbers[:1], engagement="new")  # so that the account's fields are known
    story.later(60)
    story.forget()
    return numbers


def engagements(story: Story, numbers: list[int]) -> set[str | None]:
    return {fields_of(story, number).get("sailthru_engagement") for number in numbers}


def jobs_asked(story: Story) -> int:
    return story.zendesk.calls.count("GET", "/api/v2/job_statuses/*")


def test_many_who_hurry_go_in_one_call(story: Story, people: list[int]) -> None:
    know_many(story, people[:30], engagement="active")
    story.later(60)
    assert written(story) == [MANY]
    assert engagements(story, people[:30]) == {"active"}
    (call,) = zendesk_writes(story)
    assert all(set(user) == {"id", "user_fields"} for user in call.params["users"])
    assert not any(row(story, number).owed for number in people[:30])


def test_a_few_who_hurry_go_alone_and_at_once(story: Story, people: list[int]) -> None:
    know_many(story, people[:9], engagement="active")
    story.later(5)
    assert written(story) == [("PUT", f"users/{number}") for number in people[:9]]


def test_who_does_not_hurry_waits_for_a_hundred(story: Story, people: list[int]) -> None:
    know_many(story, people[:99], is_held=True, engagement="active")
    story.later(3_600)
    assert written(story) == []
    know_many(story, people[99:101], is_held=True, engagement="active")
    story.later(60)
    (call,) = zendesk_writes(story)
    assert len(call.params["users"]) == TOGETHER
    assert engagements(story, people[:100]) == {"active"}
    assert row(story, people[100]).owed


def test_at_the_end_of_the_day_the_rest_goes_in_one_call(story: Story, people: list[int]) -> None:
    know_many(story, people[:3], is_held=True, engagement="active")
    story.later(3_600)
    know_many(story, people[3:7], is_held=True, engagement="active")
    story.later(DAY_S - 3_600 + 60)
    assert written(story) == [MANY]
    assert engagements(story, people[:7]) == {"active"}


def test_tags_go_one_by_one_after_the_fields_and_never_in_a_bulk_update(
    story: Story, people: list[int]
) -> None:
    know_many(story, people[:20], engagement="active", score=4)
    story.later(60)
    assert written(story)[0] == MANY
    assert sorted(written(story)[1:]) == sorted(("PUT", f"users/{number}/tags") for number in people[:20])
    assert all("tags" not in user for user in zendesk_writes(story)[0].params["users"])


def test_one_user_whom_a_job_refuses_is_written_alone_and_the_others_are_done(
    story: Story, people: list[int]
) -> None:
    gone = people[3]
    story.zendesk.delete_user(gone)
    know_many(story, people[:20], engagement="active")
    story.later(60)
    assert written(story) == [MANY, ("PUT", f"users/{gone}")]
    assert engagements(story, [one for one in people[:20] if one != gone]) == {"active"}
    assert not row(story, gone).owed


@pytest.mark.parametrize("named", ["id", "index", "both"])
def test_each_users_result_is_kept(story: Story, people: list[int], named: str) -> None:
    story.zendesk.oddities.job_errors_name = named  # type: ignore[assignment]
    story.zendesk.delete_user(people[3])
    know_many(story, people[:20], engagement="active")
    story.later(60)
    with story.world.ledger.reading() as connection:
        key = (story.world.installation.id,)
        refused = looking.attempts_on(connection, *key, people[3], limit=9)
        done = looking.attempts_on(connection, *key, people[4], limit=1)
    assert refused[1]["action"] == done[0]["action"] == "set_fields_of_many"
    assert (refused[1]["outcome"], done[0]["outcome"]) == (attempts.LATER, attempts.CONFIRMED)
    assert "RecordNotFound" in refused[1]["error"]


def test_a_job_is_asked_about_less_and_less_often(story: Story, people: list[int]) -> None:
    story.zendesk.oddities.job_s = 100
    know_many(story, people[:20], engagement="active")
    story.later(200)
    assert 5 <= jobs_asked(story) <= 9  # 1, 2, 4, 8, 16, 30, 30, 30 s apart
    assert written(story) == [MANY]
    assert engagements(story, people[:20]) == {"active"}
    assert not any(row(story, number).owed for number in people[:20])


@pytest.mark.parametrize("applied", [False, True])
def test_a_lost_reply_is_an_unknown_outcome_for_all(story: Story, people: list[int], applied: bool) -> None:
    story.zendesk.faults.reset(method="PUT", path="/api/v2/users/update_many", applied=applied)
    know_many(story, people[:20], engagement="active")
    story.later(600)
    assert written(story) == [MANY, MANY, MANY]  # now, and once more a minute later
    assert engagements(story, people[:20]) == {"active"}
    assert not any(row(story, number).owed for number in people[:20])


def test_a_job_that_fails_as_a_whole_is_done_again(story: Story, people: list[int]) -> None:
    story.zendesk.fail_jobs()
    know_many(story, people[:20], engagement="active")
    story.later(600)
    assert engagements(story, people[:20]) == {"active"}
    assert story.letters() == []


def test_a_job_that_fails_again_is_taken_apart(story: Story, people: list[int]) -> None:
    story.zendesk.fail_jobs(2)
    know_many(story, people[:20], engagement="active")
    story.later(900)
    alone = [entry for entry in written(story) if entry != MANY]
    assert len(alone) >= 20
    assert engagements(story, people[:20]) == {"active"}


def test_a_job_that_nobody_knows_any_more_is_an_unknown_outcome(story: Story, people: list[int]) -> None:
    story.zendesk.oddities.job_s = 30
    know_many(story, people[:20], engagement="active")
    story.world.work()
    story.zendesk.forget_jobs()
    story.later(900)
    assert engagements(story, people[:20]) == {"active"}
    assert written(story).count(MANY) == 3
    assert not any(row(story, number).owed for number in people[:20])


def test_a_bulk_update_that_is_refused_as_a_whole_is_taken_apart(story: Story, people: list[int]) -> None:
    body = {"error": "RecordInvalid"}
    story.zendesk.faults.answer(422, body, method="PUT", path="/api/v2/users/update_many")
    know_many(story, people[:20], engagement="active")
    story.later(120)
    assert written(story)[0] == MANY
    assert len(written(story)) == 21
    assert engagements(story, people[:20]) == {"active"}
    assert story.letters() == []


def test_what_changes_while_a_job_is_under_way_is_written_after_it(story: Story, people: list[int]) -> None:
    story.zendesk.oddities.job_s = 20
    know_many(story, people[:20], engagement="active")
    story.world.work()
    know_many(story, people[:1], engagement="passive")
    story.later(10)
    assert written(story) == [MANY]
    story.later(120)
    assert engagements(story, people[:1]) == {"passive"}
    assert engagements(story, people[1:20]) == {"active"}


class Killed(BaseException):
    """The process dies here."""


def _dies_before_the_call(story: Story, patch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    patch.setattr(Zendesk, "set_fields_of_many", die)


def _dies_after_the_call(story: Story, patch: pytest.MonkeyPatch) -> None:
    call = Zendesk.set_fields_of_many

    def call_and_die(self: Zendesk, values: dict[int, dict[str, object]]) -> None:
        call(self, values)
        raise Killed

    patch.setattr(Zendesk, "set_fields_of_many", call_and_die)


def _dies_before_it_hears_of_the_job(story: Story, patch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    patch.setattr(Zendesk, "job_status", die)


def _dies_after_it_heard_of_the_job(story: Story, patch: pytest.MonkeyPatch) -> None:
    ask = Zendesk.job_status

    def ask_and_die(self: Zendesk, id: str) -> None:  # noqa: A002
        ask(self, id)
        raise Killed

    patch.setattr(Zendesk, "job_status", ask_and_die)


@pytest.mark.parametrize(
    "dies",
    [
        _dies_before_the_call,
        _dies_after_the_call,
        _dies_before_it_hears_of_the_job,
        _dies_after_it_heard_of_the_job,
    ],
)
def test_a_death_at_any_step_of_a_bulk_update_loses_nothing(
    story: Story, people: list[int], dies: Callable[[Story, pytest.MonkeyPatch], None]
) -> None:
    know_many(story, people[:20], engagement="active")
    with pytest.MonkeyPatch.context() as patch:
        dies(story, patch)
        with pytest.raises(Killed):
            story.later(5)
    story.world.add_process()
    story.later(JOB_LEASE_S + 120)
    assert engagements(story, people[:20]) == {"active"}
    assert not any(row(story, number).owed for number in people[:20])
    assert not any(row(story, number).lease_until for number in people[:20])
    assert story.letters() == []
