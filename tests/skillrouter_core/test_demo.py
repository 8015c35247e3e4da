"""The demo catalog keeps its promises: counts, known answers, planted pairs measured anew."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from skillrouter_core.benchmark import load_benchmark, load_pool
from skillrouter_core.catalog import read_source
from skillrouter_core.demo import (
    DemoQuery,
    PlantedKind,
    demo_benchmark,
    demo_folder,
    demo_queries,
    demo_skills,
    planted,
)
from skillrouter_core.errors import UsageError
from skillrouter_core.records import normalised_name

SKILLS = {skill.skill_id: skill for skill in demo_skills()}
QUERIES = demo_queries()
PLANTED = planted()
NAMESAKES = PLANTED.same_name_different_job


def trigrams(body: str) -> set[str]:
    words = body.lower().split()
    return {" ".join(words[at : at + 3]) for at in range(len(words) - 2)}


SHINGLES = {skill_id: trigrams(skill.body) for skill_id, skill in SKILLS.items()}


def jaccard(a: str, b: str) -> float:
    shared = len(SHINGLES[a] & SHINGLES[b])
    return shared / (len(SHINGLES[a]) + len(SHINGLES[b]) - shared)


def query(task_id: str) -> DemoQuery:
    return next(each for each in QUERIES if each.task_id == task_id)


# ------------------------------------------------------------------------------- catalog


def test_the_catalog_is_as_large_and_as_varied_as_promised() -> None:
    per_category: dict[str, int] = {}
    for skill in SKILLS.values():
        per_category[skill.category] = per_category.get(skill.category, 0) + 1
    assert len(SKILLS) == 121
    assert len(per_category) == 10
    assert min(per_category.values()) >= 10


def test_ids_are_category_and_folder_and_nothing_else_lies_in_the_folder() -> None:
    files = [file for file in (demo_folder() / "skills").rglob("*") if file.is_file()]
    assert {"/".join(file.parts[-3:]) for file in files} == {f"{s}/SKILL.md" for s in SKILLS}
    assert all(skill.category == skill_id.split("/")[0] for skill_id, skill in SKILLS.items())


@pytest.mark.parametrize("skill_id", SKILLS)
def test_a_skill_is_healthy_and_its_frontmatter_is_what_yaml_says(skill_id: str) -> None:
    skill = SKILLS[skill_id]
    raw = (demo_folder() / "skills" / skill_id / "SKILL.md").read_text(encoding="utf-8")
    _, front, body = raw.split("---\n", 2)
    fields = yaml.safe_load(front)
    assert skill.problems == ()
    assert (skill.name, skill.description) == (fields["name"], fields["description"].strip())
    assert skill.body == body.strip()
    assert len(skill.body) >= 600
    assert 20 <= len(skill.description) <= 300


def test_names_are_shared_by_planted_namesakes_only() -> None:
    shared = {
        (a, b)
        for a, b in combinations(sorted(SKILLS), 2)
        if normalised_name(SKILLS[a].name) == normalised_name(SKILLS[b].name)
    }
    assert shared == {(min(pair), max(pair)) for pair in NAMESAKES}


def test_the_source_demo_imports_the_same_texts() -> None:
    scan = read_source("demo")
    assert scan.issues == ()
    assert {skill.skill_id: skill.content_hash for skill in scan.skills} == {
        f"demo/{skill_id}": skill.content_hash for skill_id, skill in SKILLS.items()
    }


# ------------------------------------------------------------------------------- planted

BOUNDS = {
    PlantedKind.RENAMED_COPY: (0.9, 1.0),
    PlantedKind.LIGHT_EDIT: (0.65, 0.9),
    PlantedKind.REWORDED_TWIN: (0.0, 0.1),
}


def test_seven_pairs_of_each_kind_and_five_namesakes_are_planted() -> None:
    kinds = [pair.kind for pair in PLANTED.duplicates]
    assert {kind: kinds.count(kind) for kind in PlantedKind} == dict.fromkeys(PlantedKind, 7)
    assert len(NAMESAKES) == 5


@pytest.mark.parametrize("pair", PLANTED.duplicates, ids=lambda pair: pair.b)
def test_a_planted_duplicate_shares_as_much_text_as_its_kind_says(pair) -> None:
    low, high = BOUNDS[pair.kind]
    assert low <= jaccard(pair.a, pair.b) <= high
    assert normalised_name(SKILLS[pair.a].name) != normalised_name(SKILLS[pair.b].name)
    assert SKILLS[pair.a].description != SKILLS[pair.b].description


def test_no_skill_is_planted_twice() -> None:
    members = [skill_id for pair in PLANTED.duplicates for skill_id in (pair.a, pair.b)]
    assert len(members) == len(set(members)) == 42
    assert not set(members) & {skill_id for pair in NAMESAKES for skill_id in pair}


def test_all_other_pairs_share_hardly_a_phrase() -> None:
    known = {frozenset((pair.a, pair.b)) for pair in PLANTED.duplicates}
    worst = max(
        (jaccard(a, b), a, b) for a, b in combinations(SKILLS, 2) if frozenset((a, b)) not in known
    )
    assert worst[0] < 0.05, worst


@pytest.mark.parametrize("pair", NAMESAKES, ids=lambda pair: pair[0])
def test_namesakes_have_one_name_and_two_jobs(pair) -> None:
    a, b = (SKILLS[skill_id] for skill_id in pair)
    assert a.name == b.name
    assert a.category != b.category
    assert jaccard(*pair) < 0.02


def test_a_jaccard_worked_by_hand() -> None:
    assert trigrams("Keep the  old\nkey") == {"keep the old", "the old key"}


# ------------------------------------------------------------------------------- queries


def test_forty_eight_queries_want_one_skill_and_twelve_want_several() -> None:
    sizes = [len(each.core) for each in QUERIES]
    assert (len(sizes), sizes.count(1)) == (60, 48)
    assert set(sizes) == {1, 2, 3}
    assert len({each.task_id for each in QUERIES}) == 60
    assert {each.style for each in QUERIES} == {"task", "short", "spec"}


@pytest.mark.parametrize("each", QUERIES, ids=lambda each: each.task_id)
def test_a_query_names_existing_skills_by_id_and_none_by_name(each: DemoQuery) -> None:
    assert set(each.core) <= set(each.relevance) <= set(SKILLS)
    assert all(each.relevance[skill_id] == 3 for skill_id in each.core)
    assert set(each.relevance.values()) <= {1, 2, 3}
    text = f" {normalised_name(each.text)} "
    named = [s for s in each.relevance if f" {normalised_name(SKILLS[s].name)} " in text]
    assert named == []


@pytest.mark.parametrize("each", QUERIES, ids=lambda each: each.task_id)
def test_the_twin_of_a_core_answer_is_graded_by_how_it_was_made(each: DemoQuery) -> None:
    for pair in PLANTED.duplicates:
        assert not {pair.a, pair.b} <= set(each.core)
        if not {pair.a, pair.b} & set(each.core):
            continue
        twin = pair.b if pair.a in each.core else pair.a
        assert each.relevance.get(twin) == (2 if pair.kind is PlantedKind.REWORDED_TWIN else 3)


def test_most_answers_show_in_the_body_and_not_in_name_and_description() -> None:
    """Of the query's words that a core skill holds, most are only in its body."""

    def words(text: str) -> set[str]:
        return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}

    mostly_body = 0
    for each in QUERIES:
        asked = words(each.text)
        heads = words(" ".join(f"{SKILLS[s].name} {SKILLS[s].description}" for s in each.core))
        bodies = words(" ".join(SKILLS[s].body for s in each.core))
        mostly_body += len(asked & bodies - heads) > len(asked & heads)
    assert mostly_body >= 50


@pytest.mark.parametrize(
    ("start", "core"),
    [
        ("Our pod restarts every two minutes", {"devops/kubernetes-crashloop-triage"}),
        ("An AWS key was pushed", {"security/secret-leak-response"}),
        ("Orders are saved but", {"backend/transactional-outbox", "backend/grpc-deadlines"}),
        (
            "Talk to the hospital",
            {
                "marketing/customer-story",
                "documents/slides-from-outline",
                "marketing/press-release",
            },
        ),
    ],
)
def test_known_answers(start: str, core: set[str]) -> None:
    assert [set(each.core) for each in QUERIES if each.text.startswith(start)] == [core]


# ----------------------------------------------------------------------------- benchmark


def test_the_benchmark_is_read_back_whole(tmp_path: Path) -> None:
    folder = demo_benchmark(tmp_path / "new" / "demo")
    found = load_benchmark(folder)
    pool = load_pool(folder, "easy")
    assert found.tiers == ("easy",)
    assert found.notes == ()
    assert [(task.task_id, task.query) for task in found.tasks] == [
        (each.task_id, each.text) for each in QUERIES
    ]
    for task_id, entry in found.relevance.items():
        assert entry.right == set(query(task_id).core)
        assert entry.grades == query(task_id).relevance
        assert entry.right | entry.auxiliary == set(entry.grades)
        assert entry.task_type == "clean"
    assert {skill.skill_id: skill.content_hash for skill in pool} == {
        skill_id: skill.content_hash for skill_id, skill in SKILLS.items()
    }
    assert all(skill.category == SKILLS[skill.skill_id].category for skill in pool)


def test_ground_truth_ids_are_the_answers_and_their_full_copies() -> None:
    entries = json.loads((demo_folder() / "relevance.json").read_text(encoding="utf-8"))
    for entry in entries.values():
        threes = {skill_id for skill_id, grade in entry["relevance"].items() if grade == 3}
        assert set(entry["gt_skill_ids"]) == threes


def test_writing_again_replaces_and_leaves_other_files_alone(tmp_path: Path) -> None:
    demo_benchmark(tmp_path)
    before = (tmp_path / "easy" / "pool.jsonl").read_bytes()
    (tmp_path / "mine.txt").write_text("kept")
    (tmp_path / "tasks.jsonl").write_text("damaged")
    demo_benchmark(tmp_path)
    assert (tmp_path / "easy" / "pool.jsonl").read_bytes() == before
    assert len((tmp_path / "tasks.jsonl").read_text().splitlines()) == 60
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_a_target_that_is_a_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match=r"taken cannot take .* Name a folder"):
        demo_benchmark(tmp_path / "taken")
