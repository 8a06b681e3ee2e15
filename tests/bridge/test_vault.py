from __future__ import annotations

import pytest

from bridge.errors import BadSettings
from bridge.vault import Vault

OLD, NEW = "the-older-key-" + "o" * 30, "the-newer-key-" + "n" * 30


def test_what_is_sealed_opens_again_and_cannot_be_read_meanwhile() -> None:
    vault = Vault([NEW])
    sealed = vault.seal("api secret ü")
    assert vault.open(sealed) == "api secret ü"
    assert "secret" not in sealed
    assert vault.seal("api secret ü") != sealed


def test_an_older_key_still_opens_but_no_longer_seals() -> None:
    sealed = Vault([OLD]).seal("x")
    both = Vault([NEW, OLD])
    assert both.open(sealed) == "x"
    assert not both.is_newest(sealed)
    assert Vault([NEW]).open(both.seal("x")) == "x"


def test_rewrapping_lets_the_older_key_go() -> None:
    both = Vault([NEW, OLD])
    rewrapped = both.rewrap(Vault([OLD]).seal("x"))
    assert both.is_newest(rewrapped)
    assert Vault([NEW]).open(rewrapped) == "x"
    with pytest.raises(BadSettings):
        Vault([OLD]).open(rewrapped)


@pytest.mark.parametrize("sealed", ["", "junk", "gAAAAA" + "A" * 60])
def test_what_no_key_opens_names_the_setting_to_look_at(sealed: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Vault([NEW]).open(sealed)
    assert caught.value.faults[0].startswith("SECRET_KEY: ")
