"""Makes the sidebar app out of its package, puts it to use, and keeps what proves who opens it."""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import Refused, TryLater
from bridge.ledger import set_ups
from bridge.remotes.zendesk_errors import SYSTEM, NotFound
from bridge.setting_up.planning import app_of, installed_of
from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import APP, INSTALLED, Asked, app_name, mark, package_mark
from schemas.zendesk_admin import AppJob, AppRecord

LOOK_EVERY_S = 1.0
# Zendesk makes an app in seconds; who began one and did not live to note the job looks again after this.
BUILT_WITHIN_S = 60.0


def make(site: Site, asked: Asked, standing: Standing, _step: Step) -> Standing:
    """Have the app made; one that a broken run began is waited for rather than made twice."""
    package = asked.package or b""
    begun = standing.parts.get(APP)
    if begun is None or begun.zendesk_id is not None:
        standing = site.begin(standing, APP, package=package_mark(package))
    elif (found := _begun_elsewhere(site, standing)) is not None:
        return site.made(standing.with_seen(apps=(*standing.seen.apps, found)), APP, found.id)
    job = site.admin.build_app(site.admin.upload(package), app_name(site.name))
    standing = site.describe(standing, APP, job=job, package=package_mark(package))
    app = AppRecord(_built(site, job), app_name(site.name))
    return site.made(standing.with_seen(apps=(*standing.seen.apps, app)), APP, app.id)


def change(site: Site, asked: Asked, standing: Standing, _step: Step) -> Standing:
    """Give the app the package of this release."""
    package = asked.package or b""
    job = site.admin.rebuild_app(int(standing.parts[APP].zendesk_id or 0), site.admin.upload(package))
    _built(site, job)
    return site.describe(standing, APP, package=package_mark(package))


def install(site: Site, _asked: Asked, standing: Standing, _step: Step) -> Standing:
    """Put the app to use."""
    app_id = int(standing.parts[APP].zendesk_id or 0)
    standing = site.begin(standing, INSTALLED)
    site.admin.install_app(app_id, app_name(site.name))
    standing = standing.with_seen(installed=site.admin.installed_apps())
    installed = installed_of(AppRecord(app_id, app_name(site.name)), standing)
    if installed is None:
        raise TryLater(SYSTEM, "garbled", detail="the app was installed, and the list does not show it")
    return site.made(standing, INSTALLED, installed.id)


def keep_key(site: Site, _asked: Asked, standing: Standing, _step: Step) -> Standing:
    """Read the app's public key into the ledger, and say for whom its tokens are."""
    key = site.admin.app_public_key(int(standing.parts[APP].zendesk_id or 0))
    number = standing.parts[INSTALLED].zendesk_id
    audience = f"{standing.account.url}/api/v2/apps/installations/{number}.json"
    row = standing.parts[INSTALLED]
    row = replace(row, detail={**row.detail, "key": mark(key), "audience": audience}, at=site.ledger.micros())
    with site.ledger.writing() as connection:
        account = site.change_account(connection, app_public_key=key, app_audience=audience)
        set_ups.keep(connection, site.installation_id, row)
    return replace(standing.with_part(row), account=account)


def _begun_elsewhere(site: Site, standing: Standing) -> AppRecord | None:
    """The app that a broken run had begun; None when there surely is none."""
    row = standing.parts[APP]
    job = row.detail.get("job")
    if job is not None:
        try:
            return AppRecord(_built(site, job), app_name(site.name))
        except (NotFound, AppFailed):
            return None
    while site.seconds_since(row.at) < BUILT_WITHIN_S:
        found = app_of(site.name, standing.with_seen(apps=site.admin.apps()))
        if found is not None:
            return found
        site.pause(LOOK_EVERY_S)
    return app_of(site.name, standing.with_seen(apps=site.admin.apps()))


class AppFailed(Refused):
    """Zendesk could not make an app of the package."""


def _built(site: Site, job: str) -> int:
    """The number of the app, once it is made."""
    looks = int(BUILT_WITHIN_S / LOOK_EVERY_S)
    for _ in range(looks):
        stands: AppJob = site.admin.app_job(job)
        if stands.has_failed:
            raise AppFailed(SYSTEM, "invalid", detail=f"the app's package: {stands.message}")
        if stands.is_done and stands.app_id is not None:
            return stands.app_id
        site.pause(LOOK_EVERY_S)
    raise TryLater(SYSTEM, "timeout", detail="the app is not made yet")
