"""Makes the user fields that the way back writes to."""

from __future__ import annotations

from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import Asked
from schemas.zendesk_jobs import UserFieldRecord


def make(site: Site, asked: Asked, standing: Standing, step: Step) -> Standing:
    """Make one field. Its key is its name for good."""
    wanted = next(one for one in asked.fields if one.part == step.part)
    standing = site.begin(standing, step.part)
    number = site.admin.add_user_field(wanted.key, wanted.type, wanted.title, wanted.description)
    field = UserFieldRecord(wanted.key, wanted.type, is_active=True, id=number)
    standing = standing.with_seen(fields=(*standing.seen.fields, field))
    return site.made(standing, step.part, number)
