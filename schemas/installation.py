"""An installation's file: one Zendesk account, one Sailthru account, and how the two are bridged.

A key we do not know is a fault, for a typing mistake must not be ignored in silence; all faults are named at
once, each with its place (`zendesk.url`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validates_schema

from schemas import installation_values as values

SAILTHRU_URL = "https://api.sailthru.com"
OAUTH = ("oauth_client_id", "oauth_client_secret")
API_TOKEN = ("email", "api_token")


class BadInstallation(ValueError):
    """An installation's settings that cannot be used; `faults` names every fault with its place."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class ZendeskAccount:
    """One Zendesk account, what we need to speak with it and to believe it. `url` ends without a slash."""

    url: str
    oauth_client_id: str = ""
    oauth_client_secret: str = field(default="", repr=False)
    email: str = ""
    api_token: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    app_public_key: str = field(default="", repr=False)
    app_audience: str = ""


@dataclass(frozen=True)
class SailthruAccount:
    """One Sailthru account."""

    url: str
    api_key: str
    api_secret: str = field(repr=False)


@dataclass(frozen=True)
class Options:
    """How one installation wants to be bridged. The shares are parts of a quota, above 0, at most 1."""

    create_profiles: bool = False
    email_conflict: str = "error"
    value_score: str = "var:customer_value_score"
    score_boundaries: tuple[float, ...] = (25, 50, 75)
    high_value_at: int = 4
    predictions: tuple[str, ...] = ()
    tickets_kept: int = 50
    ticket_subjects: bool = True
    currency: str = "USD"
    profile_link: str = ""
    zendesk_share: float = 0.5
    exports_per_minute: int = 10
    sailthru_share: float = 0.6


@dataclass(frozen=True)
class InstallationSettings:
    """Everything an operator says about one installation."""

    zendesk: ZendeskAccount
    sailthru: SailthruAccount
    options: Options = field(default_factory=Options)


def installation_settings(record: Mapping[str, Any]) -> InstallationSettings:
    """Read a whole file. Raises `BadInstallation`."""
    try:
        loaded: InstallationSettings = _Installation().load(record)
    except ValidationError as error:
        raise BadInstallation(list(_faults(error.messages))) from None
    return loaded


def changed(settings: InstallationSettings, changes: Mapping[str, Any]) -> InstallationSettings:
    """`settings` with the keys that `changes` gives; the others stay. Raises `BadInstallation`.

    A new way of signing in to Zendesk replaces the other one.
    """
    record: dict[str, Any] = as_record(settings)
    for section, given in changes.items():
        if isinstance(given, Mapping) and section in record:
            record[section] = {**record[section], **given}
        else:
            record[section] = given
    zendesk = changes.get("zendesk")
    if isinstance(zendesk, Mapping):
        record["zendesk"].update(dict.fromkeys(_left_behind(zendesk), ""))
    return installation_settings(record)


def _left_behind(given: Mapping[str, Any]) -> tuple[str, ...]:
    if given.get("oauth_client_secret") and not given.get("api_token"):
        return tuple(key for key in API_TOKEN if key not in given)
    if given.get("api_token") and not given.get("oauth_client_secret"):
        return tuple(key for key in OAUTH if key not in given)
    return ()


def as_record(settings: InstallationSettings) -> dict[str, dict[str, Any]]:
    """The settings as plain sections, secrets included; `installation_settings` reads it again."""
    return {
        section: {key: list(value) if isinstance(value, tuple) else value for key, value in content.items()}
        for section, content in asdict(settings).items()
    }


@dataclass(frozen=True)
class Key:
    """One key of an installation file, for its documentation. `default` is None where the key has none."""

    section: str
    name: str
    default: Any
    help: str


def documented() -> Iterator[Key]:
    """Every key in the order of the file."""
    for section, nested in _Installation().fields.items():
        assert isinstance(nested, fields.Nested)
        for name, entry in nested.schema.fields.items():
            default = None if entry.required else _default(section, name)
            yield Key(section, name, default=default, help=entry.metadata["help"])


def _default(section: str, name: str) -> Any:
    if (section, name) == ("sailthru", "url"):
        return SAILTHRU_URL
    return getattr(Options() if section == "options" else ZendeskAccount(url=""), name)


UNKNOWN = "is not a key of this file"


class _Section(Schema):
    error_messages = {"unknown": UNKNOWN, "type": "must be a table of keys, as [name] begins one in TOML"}

    class Meta:
        unknown = RAISE


class _Zendesk(_Section):
    url = values.Address(
        required=True,
        help="The account's address, e.g. `https://acme.zendesk.com`. Plain http for this machine only.",
    )
    oauth_client_id = values.Text(help="OAuth client (client_credentials grant): its unique identifier.")
    oauth_client_secret = values.Text(help="OAuth client: its secret.")
    email = values.Text(
        help="Legacy way in, instead of the OAuth client: the agent whose API token it is. "
        "Zendesk ends API tokens on 2027-04-30."
    )
    api_token = values.Text(help="Legacy way in: the API token.")
    webhook_secrets = fields.List(
        values.Text(validate=values.webhook_secret, help=""),
        metadata={
            "help": "Signing secrets of the webhook; any of them verifies, so that they can be rotated. "
            "May be missing: then its deliveries are answered 401."
        },
        error_messages={"invalid": "must be a list of texts"},
    )
    app_public_key = values.Text(
        validate=values.public_key,
        help="Public key of the sidebar app, PEM. May be missing: then the sidebar answers 401.",
    )
    app_audience = values.Text(
        validate=values.audience,
        help="Audience of the sidebar's tokens, `<zendesk url>/api/v2/apps/installations/<id>.json`.",
    )

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _one_way_in(self, _data: Any, original: Any, **_kwargs: Any) -> None:
        if isinstance(original, Mapping):
            faults = values.sign_in_faults(original, OAUTH, other=API_TOKEN)
            if faults:
                raise ValidationError(faults)

    @post_load
    def _account(self, data: dict[str, Any], **_kwargs: Any) -> ZendeskAccount:
        return ZendeskAccount(**{**data, "webhook_secrets": tuple(data.get("webhook_secrets", ()))})


class _Sailthru(_Section):
    url = values.Address(load_default=SAILTHRU_URL, help="Address of the Sailthru API.")
    api_key = values.Text(required=True, validate=values.not_empty, help="The account's API key.")
    api_secret = values.Text(required=True, validate=values.not_empty, help="The account's API secret.")

    @post_load
    def _account(self, data: dict[str, Any], **_kwargs: Any) -> SailthruAccount:
        return SailthruAccount(**data)


class _Options(_Section):
    create_profiles = values.Switch(
        help="Create a Sailthru profile for a customer that has none "
        "(never for one that was once linked and is gone)."
    )
    email_conflict = values.Text(
        validate=values.one_of("error", "merge"),
        help="What to do when the new address of a customer already belongs to another Sailthru profile: "
        "`error` keeps a dead letter for an agent to decide; `merge` joins the two, which cannot be undone, "
        "and only if no living customer owns the other.",
    )
    value_score = values.Text(
        validate=values.value_score,
        help="Where a customer's value comes from: `var:<var>`, `percentile:<var>`, or "
        "`smart_lists:<list>=4,<list>=3,…`; [which to choose](marketers.md#the-value-score).",
    )
    score_boundaries = values.Boundaries(
        help="For `percentile:<var>`: from which percentile on a customer scores 2, 3 and 4; below the first "
        "the score is 1. Three numbers between 0 and 100, each above the one before."
    )
    high_value_at = values.Whole(
        least=1, most=4, help="The score, 1 to 4, from which a customer counts as valuable."
    )
    predictions = fields.List(
        values.Text(validate=values.var_name, help=""),
        metadata={"help": 'More vars to show in the sidebar, e.g. `["pv_30", "purchase_30"]`.'},
        error_messages={"invalid": "must be a list of texts"},
    )
    tickets_kept = values.Whole(
        least=1, most=500, help="How many tickets, the newest ones, `zendesk_tickets` holds."
    )
    ticket_subjects = values.Switch(help="Send the subjects of public tickets; `false` sends none.")
    currency = values.Text(validate=values.currency, help="Currency of the amounts in the sidebar, ISO 4217.")
    profile_link = values.Text(
        validate=values.link_pattern,
        help="Address pattern of a profile's page in Sailthru; `{email}` and `{sid}` are filled in. Empty: "
        "no link.",
    )
    zendesk_share = values.Share(help="Part of the Zendesk quota that we may use, above 0, at most 1.")
    exports_per_minute = values.Whole(
        least=1,
        most=1000,
        help="How many pages of its incremental exports Zendesk lets the account read in a minute: 10, with "
        "the High Volume add-on 30. `zendesk_share` of it is used.",
    )
    sailthru_share = values.Share(help="Part of the Sailthru quota that we may use, above 0, at most 1.")

    @post_load
    def _options(self, data: dict[str, Any], **_kwargs: Any) -> Options:
        lists = {key: tuple(value) for key, value in data.items() if isinstance(value, list)}
        return Options(**{**data, **lists})


class _Installation(_Section):
    zendesk = fields.Nested(_Zendesk, required=True, error_messages={"required": "is missing"})
    sailthru = fields.Nested(_Sailthru, required=True, error_messages={"required": "is missing"})
    options = fields.Nested(_Options, load_default=Options)

    @post_load
    def _settings(self, data: dict[str, Any], **_kwargs: Any) -> InstallationSettings:
        return InstallationSettings(**data)


def _faults(messages: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _faults(inner, path if key == "_schema" else (*path, str(key)))
        return
    for message in [messages] if isinstance(messages, str) else messages:
        place = ".".join(path) or "the file"
        yield f"{place}: {message}{_meant(path) if message == UNKNOWN else ''}"


def _meant(path: tuple[str, ...]) -> str:
    siblings = (
        [key.name for key in documented() if key.section == path[0]] if len(path) > 1 else list(SECTIONS)
    )
    near = get_close_matches(path[-1], siblings, n=1)
    return f"; did you mean {near[0]}?" if near else ""


SECTIONS = ("zendesk", "sailthru", "options")
