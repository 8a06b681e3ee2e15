"""A set-up makes what is missing and nothing else, and taking it away leaves the account as it was found."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.app_package import packed
from bridge.errors import Refused
from bridge.ledger import installations, retention, set_ups
from bridge.setting_up.testing import NotArrived, send_test
from bridge.setting_up.wanted import EVENTS, TRIGGERS
from schemas.zendesk_types import MEANINGS, is_kept
from tests.bridge.setting_up.plot import FIELDS, Plot

KEPT = frozenset(name for name in MEANINGS if is_kept(name))
USER_TYPES = {name for name in KEPT if name.startswith("user.")}


def everything(plot: Plot) -> dict[str, Any]:
    return {"triggers": True, "fields": FIELDS, "package": packed(plot.url, "acme")}


def test_set_up_remove_and_set_up_again_leave_the_account_as_found(plot: Plot) -> None:
    zendesk = plot.box.zendesk
    other = zendesk.webhooks.add("http://127.0.0.1:9/other", ["user.created"])
    zendesk.webhooks.add_trigger("Somebody else's", other.id)
    zendesk.add_user_field("sailthru_signup", "date", "Made by hand")
    found, secrets = plot.there(), plot.account().webhook_secrets

    plot.set_up(**everything(plot))
    first = plot.there()
    assert len(first["webhooks"]) == 3
    assert len(first["triggers"]) == 3
    assert len(first["fields"]) == len(FIELDS)
    assert (first["apps"], first["installed"]) == (["Sailthru (acme)"], 1)
    assert plot.account().app_audience.startswith(zendesk.url)

    plot.remove()
    assert plot.there() == found
    account = plot.account()
    assert (account.webhook_secrets, account.app_public_key, account.app_audience) == (secrets, "", "")

    plot.set_up(**everything(plot))
    assert plot.there() == first


def test_a_second_run_changes_nothing(plot: Plot) -> None:
    plot.set_up(**everything(plot))
    there, account = plot.there(), plot.account()
    plot.box.zendesk.calls.forget()
    assert plot.set_up(**everything(plot)) == []
    assert {call.method for call in plot.box.zendesk.calls} == {"GET"}
    assert (plot.there(), plot.account()) == (there, account)
    assert plot.set_up() == []


def test_only_the_webhook_for_events_is_made_unless_more_is_asked(plot: Plot) -> None:
    plot.set_up()
    (hook,) = plot.box.zendesk.webhooks.hooks.values()
    assert hook.subscriptions == KEPT
    assert plot.account().webhook_secrets == (hook.secret,)
    assert not plot.box.zendesk.webhooks.triggers


def test_a_test_goes_all_the_way_through_each_webhook(plot: Plot) -> None:
    plot.set_up(triggers=True)
    site = plot.site()
    standing = plot.look(site)
    for part in (EVENTS, TRIGGERS):
        assert send_test(site, standing, part).seconds < 1


def test_a_test_that_no_consumer_takes_is_told_from_one_that_the_receiver_refuses(plot: Plot) -> None:
    plot.set_up()
    site, plot.has_consumer = plot.site(), False
    with pytest.raises(NotArrived, match="no consumer"):
        send_test(site, plot.look(site), EVENTS)
    plot.box.zendesk.webhooks.hooks[plot.look(site).id_of(EVENTS) or ""].secret = "another"
    with pytest.raises(NotArrived, match="401"):
        send_test(site, plot.look(site), EVENTS)


@pytest.mark.parametrize("spelling", ["colon", "slash"])
def test_an_account_without_ticket_events_gets_triggers_without_being_asked(
    plot: Plot, spelling: str
) -> None:
    plot.box.zendesk.set_oddity("ticket_events", value=False)
    plot.box.zendesk.set_oddity("subscribe_as", spelling)
    plot.set_up()
    kinds = [hook.subscriptions for hook in plot.box.zendesk.webhooks.hooks.values()]
    assert kinds == [USER_TYPES, {"conditional_ticket_events"}]
    kinds_of_update = [sorted(one.update_types) for one in plot.box.zendesk.webhooks.triggers.values()]
    assert kinds_of_update == [["Create"], ["Change"]]
    assert plot.set_up() == []


def test_an_account_that_knows_a_slash_only_is_asked_with_a_slash(plot: Plot) -> None:
    plot.box.zendesk.set_oddity("subscribe_as", "slash")
    plot.set_up()
    (hook,) = plot.box.zendesk.webhooks.hooks.values()
    assert "zen:event-type/user.merged" in hook.written
    assert hook.subscriptions == KEPT


def test_a_trigger_goes_into_the_first_category_where_one_is_needed(plot: Plot) -> None:
    plot.box.zendesk.set_oddity("category_needed", value=True)
    plot.set_up(triggers=True)
    assert [one.raw["category_id"] for one in plot.box.zendesk.webhooks.triggers.values()] == ["10026"] * 2


def test_triggers_tell_the_bridge_of_new_and_changed_tickets(plot: Plot) -> None:
    plot.set_up(triggers=True)
    ticket = plot.box.zendesk.create_ticket(plot.box.zendesk.create_user("ann@example.com").id)
    plot.box.zendesk.solve(ticket.id)
    plot.box.zendesk.wait_idle()
    told = [one for one in plot.box.zendesk.deliveries if one.type == "conditional_ticket_events"]
    assert [one.status for one in told] == [202, 202]


def test_what_was_changed_by_hand_is_put_right(plot: Plot) -> None:
    plot.set_up(triggers=True)
    zendesk = plot.box.zendesk.webhooks
    hook = next(one for one in zendesk.hooks.values() if len(one.subscriptions) > 1)
    hook.status, hook.written = "inactive", hook.written[:-3]
    hook.subscriptions = frozenset(name.removeprefix("zen:event-type:") for name in hook.written)
    trigger = next(iter(zendesk.triggers.values()))
    trigger.active = False
    hook.secret = zendesk.new_secret()
    done = plot.set_up(triggers=True)
    assert [step.action for step in done] == ["keep_secret", "change", "switch_on", "change"]
    assert (hook.status, hook.subscriptions, trigger.active) == ("active", KEPT, True)
    assert set(plot.account().webhook_secrets) == plot.secrets_there()


def test_another_address_of_the_receiver_is_told_to_zendesk(plot: Plot) -> None:
    plot.set_up()
    before = len(plot.box.zendesk.webhooks.hooks)
    plot.url = plot.url.replace("127.0.0.1", "localhost")
    assert [step.action for step in plot.set_up()] == ["change"]
    (hook,) = plot.box.zendesk.webhooks.hooks.values()
    assert (before, hook.endpoint) == (1, f"{plot.url}/hooks/acme/zendesk/events")


def test_what_was_deleted_by_hand_is_made_again(plot: Plot) -> None:
    plot.set_up(**everything(plot))
    there = plot.there()
    zendesk = plot.box.zendesk
    zendesk.webhooks.triggers.clear()
    zendesk.webhooks.hooks.clear()
    zendesk.remove_user_field("sailthru_lists")
    zendesk.apps.remove(next(iter(zendesk.apps.apps)))
    plot.set_up(**everything(plot))
    assert plot.there() == there
    assert set(plot.account().webhook_secrets) == plot.secrets_there()
    assert plot.set_up(**everything(plot)) == []


def test_a_webhook_that_was_there_before_is_used_and_left(plot: Plot) -> None:
    zendesk = plot.box.zendesk.webhooks
    hook = zendesk.add(f"{plot.url}/hooks/acme/zendesk/events", [f"zen:event-type:{name}" for name in KEPT])
    hook.name = "Sailthru bridge (acme): events"
    plot.set_up()
    assert list(zendesk.hooks) == [hook.id]
    plot.remove()
    assert list(zendesk.hooks) == [hook.id]
    assert plot.account().webhook_secrets == ()


def test_a_new_release_brings_a_new_package_and_no_second_app(plot: Plot) -> None:
    plot.set_up(package=packed(plot.url, "acme"))
    moved = packed("https://bridge.example.com", "acme")
    assert [step.action for step in plot.set_up(package=moved)] == ["change"]
    (app,) = plot.box.zendesk.apps.apps.values()
    assert app.package == moved


def test_an_app_that_takes_its_time_is_waited_for(plot: Plot) -> None:
    plot.box.zendesk.set_oddity("app_job_s", 20.0)
    plot.set_up(package=packed(plot.url, "acme"))
    assert plot.there()["installed"] == 1
    assert sum(plot.waits) >= 20


def test_a_package_that_zendesk_cannot_use_is_refused_with_its_words(plot: Plot) -> None:
    with pytest.raises(Refused, match="package"):
        plot.set_up(package=b"no zip")
    assert plot.there()["apps"] == []


def test_somebody_who_is_no_admin_is_refused_before_anything_is_made(plot: Plot) -> None:
    found = plot.there()
    plot.box.zendesk.set_oddity("our_role", "agent")
    with pytest.raises(Refused, match="forbidden"):
        plot.set_up(**everything(plot))
    assert plot.there() == found


def test_a_quota_that_is_used_up_is_waited_for(plot: Plot) -> None:
    plot.box.zendesk.set_limit("account", 9)
    plot.set_up(triggers=True)
    assert plot.box.zendesk.quota.refused > 0
    assert len(plot.there()["triggers"]) == 2
    assert sum(plot.waits) >= 60


def test_nobody_elses_secrets_are_asked_for(plot: Plot) -> None:
    plot.box.zendesk.webhooks.add(
        "http://127.0.0.1:9/other", ["user.created"]
    ).name = "Sailthru bridge (acme2)"
    plot.set_up()
    secrets = plot.box.zendesk.calls.matching("GET", "/api/v2/webhooks/*/signing_secret")
    assert {call.path.split("/")[4] for call in secrets} == {plot.look(plot.site()).id_of(EVENTS)}


def test_the_record_goes_with_the_installation(plot: Plot) -> None:
    plot.set_up()
    with plot.services.ledger.writing() as connection:
        installations.remove(connection, plot.installation.id, at=plot.clock.now())
    retention.clear_removed(plot.services.ledger)
    with plot.services.ledger.reading() as connection:
        assert set_ups.parts_of(connection, plot.installation.id) == {}
