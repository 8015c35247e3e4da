"""Doctor's verdicts: each check can pass and can fail, and one failure hides no other."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from skillrouter_core import doctor
from skillrouter_core.cli import main
from skillrouter_core.cli.system import doctor_lines
from skillrouter_core.doctor import Check, Status
from skillrouter_core.workspace import Workspace
from tests.fakes import FakeModels
from tests.stores import scan, skill


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("SKILLROUTER_HOME", str(folder))
    monkeypatch.delenv("SKILLROUTER_DATABASE_URL", raising=False)
    return folder


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ((3, 10), Status.FAIL),
        ((3, 11), Status.OK),
        ((3, 13), Status.OK),
        ((3, 14), Status.FAIL),
    ],
)
def test_python(version: tuple[int, int], status: Status) -> None:
    assert doctor.check_python(version).status is status


@pytest.mark.parametrize(
    ("requirements", "status", "said"),
    [
        ((), Status.WARN, "not installed here"),
        (("pytest>=1",), Status.OK, "1 requirements met"),
        (("pytest>=1", "pytest>=999"), Status.FAIL, "is outside >=999"),
        (("no-such-package-of-ours",), Status.FAIL, "no-such-package-of-ours is missing"),
        (('no-such-package-of-ours; python_version < "3"',), Status.OK, "1 requirements met"),
    ],
)
def test_packages(requirements: tuple[str, ...], status: Status, said: str) -> None:
    check = doctor.check_packages(requirements)
    assert check.status is status
    assert said in check.detail


def test_missing_git_is_only_a_warning() -> None:
    assert doctor.check_git("/usr/bin/git").status is Status.OK
    assert doctor.check_git(None).status is Status.WARN


def test_folder_that_is_not_there_yet_is_fine_and_not_made(tmp_path: Path) -> None:
    check = doctor.check_folder(tmp_path / "a" / "b")
    assert check.status is Status.OK
    assert "made on first use" in check.detail
    assert list(tmp_path.iterdir()) == []


def test_folder_below_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    check = doctor.check_folder(tmp_path / "file" / "home")
    assert check.status is Status.FAIL
    assert "SKILLROUTER_HOME" in check.remedy


@pytest.mark.parametrize(
    ("free", "status"), [(0.1, Status.FAIL), (0.2, Status.WARN), (2.0, Status.OK)]
)
def test_disk(free: float, status: Status, tmp_path: Path) -> None:
    check = doctor.check_disk(tmp_path, free)
    assert check.status is status
    assert bool(check.remedy) is (status is not Status.OK)


def test_free_space_is_that_of_the_nearest_existing_folder(tmp_path: Path) -> None:
    assert doctor.free_gb(tmp_path / "not" / "yet") > 0


def test_workspace_that_is_not_there_yet_is_fine(home: Path) -> None:
    assert [check.status for check in doctor.check_content(home)] == [Status.OK]
    assert not home.exists()


def test_empty_workspace_is_told_what_to_do_next(home: Path) -> None:
    Workspace.open(home).close()
    database, catalogs = doctor.check_content(home)
    assert (database.status, catalogs.status) == (Status.OK, Status.WARN)
    assert "skillrouter import demo" in catalogs.remedy


def test_an_index_of_another_models_vectors_is_told_of(home: Path) -> None:
    with Workspace.open(home, models=FakeModels()) as ws:
        ws.catalogs.store(scan(skill("tools/a", "bake bread")))
        ws.indexing.build()  # by a model that is none of the program's
    *_, index = doctor.check_content(home)
    assert (index.name, index.status) == ("index", Status.WARN)
    assert "the vectors of another model" in index.detail
    assert index.remedy == "Run skillrouter index."


def test_database_from_the_future_fails(home: Path) -> None:
    Workspace.open(home).close()
    with sqlite3.connect(home / "skillrouter.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    failed = {check.name: check for check in doctor.examine(home)}["database"]
    assert failed.status is Status.FAIL
    assert "9999" in failed.detail


def test_file_that_is_no_database_fails_and_hides_no_other_check(home: Path) -> None:
    home.mkdir()
    (home / "skillrouter.db").write_text("this is no database, only text " * 100, encoding="utf-8")
    checks = {check.name: check for check in doctor.examine(home)}
    assert checks["database"].status is Status.FAIL
    assert {"python", "packages", "git", "workspace", "disk", "device", "threads"} <= checks.keys()


@pytest.mark.parametrize(
    ("policy", "cores", "status"),
    [
        ("PASSIVE", 2, Status.OK),
        ("passive", 2, Status.OK),
        ("ACTIVE", 2, Status.WARN),
        ("ACTIVE", 1, Status.OK),
    ],
)
def test_threads(policy: str, cores: int, status: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert doctor.check_threads(policy).status is status


def test_device_is_one_torch_knows() -> None:
    assert doctor.check_device().detail.split(",")[0] in {"cpu", "cuda", "mps"}


def test_damaged_model_fails(tmp_path: Path) -> None:
    encoder = tmp_path / "profile" / "encoder"
    encoder.mkdir(parents=True)
    (encoder / "skillrouter.json").write_text(
        json.dumps({"base": "embedded:all-MiniLM-L6-v2", "sha256": "0" * 64}), encoding="utf-8"
    )
    (encoder / "delta.safetensors").write_bytes(b"damaged")
    (check,) = doctor.check_models(str(tmp_path / "profile"))
    assert (check.name, check.status) == ("encoder", Status.FAIL)
    assert "SHA-256" in check.detail


def test_base_model_without_reranker_passes() -> None:
    (check,) = doctor.check_models("minilm")
    assert (check.name, check.status) == ("encoder", Status.OK)


def test_lines_carry_a_remedy_below_its_check() -> None:
    checks = (
        Check("python", Status.OK, "3.12"),
        Check("disk", Status.WARN, "1.0 GB free", "Free some space."),
    )
    assert doctor_lines(checks) == [
        "ok    python  3.12",
        "warn  disk    1.0 GB free",
        "      Free some space.",
    ]


def test_command_fails_only_on_a_failed_check(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.parent.joinpath("home").write_text("a file where the folder should be", encoding="utf-8")
    assert main(["doctor", "--json"]) == 1
    checks = json.loads(capsys.readouterr().out)["checks"]
    verdicts = {check["name"]: check["status"] for check in checks}
    assert verdicts["workspace"] == "fail"
    assert verdicts["python"] == "ok"
