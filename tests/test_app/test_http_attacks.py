"""Attacks over HTTP at the app as it is served: the short form of tests/reliability/app_attack.py."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('gradio', reason='needs Gradio (requirements-app.txt; make test installs it)')

from mmirstd.app import server
from mmirstd.app.page import TABS
from mmirstd.app.upload_limits import UploadLimits
from tests.reliability.app_attack import SECRET, Attacker, attack, victim_of
from tests.reliability.app_users import MODEL, Page, image_with_target, near
from tests.reliability.training_runs import free_port


@pytest.fixture(scope='module')
def served() -> Iterator[tuple[Any, str]]:
    with tempfile.TemporaryDirectory(prefix='mmirstd-app-') as folder:
        page, store, address = server.start(
            [[MODEL]], UploadLimits(megabytes=2), folder, '127.0.0.1', free_port(), 'cpu'
        )
        yield page, address
        page.close(verbose=False)
        store.close()


@pytest.fixture(scope='module')
def address(served: tuple[Any, str]) -> str:
    return served[1]


@pytest.fixture(scope='module')
def victim(address: str) -> tuple[Page, list[str]]:
    return victim_of(address)


@pytest.fixture
def attacker(address: str, victim: tuple[Page, list[str]], tmp_path: Path) -> Attacker:
    secret = tmp_path / 'secret.txt'
    secret.write_text(SECRET)
    return Attacker(address, secret, *victim, seed=1)


@pytest.mark.parametrize(
    ('deed', 'times'),
    [('read_a_file', 30), ('guess_a_result', 10), ('odd_route', 20), ('strange_request', 20), ('too_large', 20)]
    + [('upload_an_odd_name', 15), ('foreign_path', 10), ('pixel_bomb', 1), ('decompression_bomb', 1)]
    + [('packed_bomb', 1), ('two_things', 6), ('others_results', 1)],
)
def test_attacks(attacker: Attacker, deed: str, times: int) -> None:
    for _ in range(times):
        attacker.attack(deed)
    assert not attacker.wrong


def test_a_secret_that_gets_out_is_seen(attacker: Attacker) -> None:
    path = attacker.victims_files[0]
    answer = attacker.page.get(path)
    attacker._expect(answer, 'a file', 403)
    assert attacker.wrong


def test_results_are_of_the_tab_that_asked(address: str) -> None:
    """Two people in turn, with files of one name: an event shows only what belongs to its own tab."""
    one, two = Page(address), Page(address)
    places = {one: (20, 12), two: (44, 50)}
    for page, place in places.items():
        page.act('detect', 'click', file=[page.upload('same.png', image_with_target(place, 3))], model=MODEL)
    for page, place in places.items():
        found = page.targets(page.act('threshold', 'change', threshold=0.4))
        assert found is not None
        assert any(near(place, target) for target in found)
        assert not any(near(other, target) for target in found for other in places.values() if other != place)


def test_places_of_results_cannot_be_guessed(address: str, victim: tuple[Page, list[str]]) -> None:
    _, files = victim
    _, others = victim_of(address)
    for path, other in zip(files, others, strict=True):
        differ = [(a, b) for a, b in zip(Path(path).parts, Path(other).parts, strict=True) if a != b]
        assert differ
        assert all(len(part) >= 16 for part, _ in differ), 'a name of 96 random bits stands in the path'


def test_many_at_once(address: str, tmp_path: Path) -> None:
    attackers = attack(address, tmp_path, count=60, threads=4)
    assert not [text for attacker in attackers for text in attacker.wrong]
    assert sum(sum(attacker.counts.values()) for attacker in attackers) >= 60


def test_eight_people_over_http_get_their_own_targets(address: str) -> None:
    right: list[int] = []

    def visit(number: int) -> None:
        place = (10 + 5 * number, random.Random(number).randrange(10, 50))
        page = Page(address)
        told = page.act('detect', 'click', file=[page.upload('a.png', image_with_target(place, number))], model=MODEL)
        if any(near(place, target) for target in page.targets(told) or []):
            right.append(number)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(right) == list(range(8))


def test_what_old_tabs_showed_is_forgotten(served: tuple[Any, str]) -> None:
    """Else each tab that was ever opened costs memory, a quarter of a MiB and more."""
    held = served[0].state_holder
    for k in range(TABS + 6):
        held[f'tab {k}'].state_data[0] = k
    assert len(held.session_data) == TABS
    assert list(held.session_data)[-1] == f'tab {TABS + 5}'
