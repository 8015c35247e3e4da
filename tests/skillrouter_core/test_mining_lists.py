"""Lists for stage 2, generated queries, and the files that keep a run's data."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.errors import TrainingError
from skillrouter_core.mining import (
    CandidateList,
    DescriptionQueries,
    ListMiner,
    ListQuery,
    Pair,
    Scored,
    generate,
    names_skill,
    read_labels,
    read_lists,
    read_pairs,
    write_labels,
    write_lists,
    write_pairs,
)
from skillrouter_core.records.training import LabelRole, LabelSource, TrainLabel
from tests.fakes import skill


def scored(number: int) -> Scored:
    body = " ".join(f"w{number}x{i}" for i in range(6))
    return Scored(skill(f"p/s{number}", f"about {number}", body), float(number), number / 100)


FOUND = [scored(i) for i in range(20)]


def query(**known) -> ListQuery:
    right = known.pop("right", FOUND[4].skill)
    given = {
        "text": "q",
        "targets": (right,),
        "candidates": FOUND,
        "rights": (right,),
        "wrong": (),
        "related": frozenset(),
        "unsure": frozenset(),
        "cosines": {},
    }
    return ListQuery(**{**given, **known})


def ids(made: CandidateList) -> list[str]:
    return [entry.skill.skill_id for entry in made.candidates]


def test_a_list_is_the_right_one_and_the_candidates_around_it():
    (made,) = ListMiner(20).mine(query())
    assert made.candidates[0] == FOUND[4]
    assert ids(made)[1:] == [one.skill.skill_id for one in FOUND if one is not FOUND[4]]


def test_the_size_is_a_parameter():
    miner = ListMiner(5)
    (made,) = miner.mine(query())
    assert ids(made) == ["p/s4", "p/s0", "p/s1", "p/s2", "p/s3"]
    assert miner.report().short == 0


def test_one_that_was_not_found_makes_no_list():
    miner = ListMiner(20)
    assert miner.mine(query(right=skill("p/away"))) == ()
    assert dict(miner.report().dropped) == {"right skill not retrieved": 1}


def test_several_right_answers_make_a_list_each_without_the_others():
    rights = (FOUND[0].skill, FOUND[1].skill)
    made = ListMiner(20).mine(query(targets=rights, rights=rights))
    assert [ids(one)[0] for one in made] == ["p/s0", "p/s1"]
    assert all(not {"p/s0", "p/s1"} & set(ids(one)[1:]) for one in made)


def test_what_people_said_decides_first():
    wrong = scored(77)
    miner = ListMiner(4)
    (made,) = miner.mine(
        query(
            wrong=(wrong, FOUND[2]),
            unsure=frozenset(["p/s0"]),
            related=frozenset(["p/s1"]),
            rights=(FOUND[4].skill, FOUND[3].skill),
        )
    )
    assert ids(made) == ["p/s4", "p/s77", "p/s2", "p/s1"]
    report = miner.report()
    assert dict(report.negatives) == {"judged wrong": 2, "candidates": 1}
    assert report.related == 1


def test_right_answers_in_disguise_are_filtered_and_counted():
    copy = Scored(replace(FOUND[4].skill, skill_id="q/copy", name="copy"), 1.0, 1.0)
    miner = ListMiner(20)
    (made,) = miner.mine(query(candidates=[*FOUND[:5], copy], cosines={"p/s1": 0.93}))
    assert not {"q/copy", "p/s1"} & set(ids(made))
    assert dict(miner.report().filtered) == {"name": 0, "jaccard": 1, "cosine": 1}
    (bare,) = ListMiner(20, filtered=False).mine(query(candidates=[*FOUND[:5], copy]))
    assert "q/copy" in ids(bare)


# ------------------------------------------------------------------------ generated queries

TEXT = "Turns a table of numbers into charts that people can read at a glance."


def many(count: int) -> list:
    return [skill(f"p/tool{i}", f"{TEXT} Number {i}.", category=f"c{i % 4}") for i in range(count)]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("please use PDF-Filler for this", True),
        ("please use pdf filler for this", True),
        ("please use pdffiller for this", True),
        ("fill in this pdf", False),
        ("pdf fillers are what I need", False),
    ],
)
def test_a_name_is_known_in_any_spelling(query, named):
    assert names_skill(query, skill("p/x1", name="pdf_filler")) == named


def test_the_folder_counts_as_a_name():
    assert names_skill("run chart maker now", skill("p/chart-maker", name="Something"))


def test_descriptions_become_queries_evenly_over_categories():
    made = generate(many(40), DescriptionQueries(), limit=8, seed=1)
    assert Counter(pair.skill.category for pair in made.pairs) == {f"c{i}": 2 for i in range(4)}
    assert all(pair.skill.description == "" for pair in made.pairs)
    assert made == generate(many(40), DescriptionQueries(), limit=8, seed=1)
    assert made != generate(many(40), DescriptionQueries(), limit=8, seed=2)


class Scripted:
    """Writes what it is told, whatever the skill."""

    name = "scripted"

    def __init__(self, *texts: str | None) -> None:
        self._texts = texts

    def write(self, skills, seed):
        return [
            None if text is None else Pair(text.replace("NAME", one.name), one)
            for one, text in zip(skills, self._texts * len(skills), strict=False)
        ]


def test_a_query_that_names_its_skill_is_rejected_and_counted():
    scripted = Scripted(f"{TEXT} NAME", TEXT, "short", None, "long " * 600)
    made = generate(many(10), scripted, limit=10, seed=1)
    assert len(made.pairs) == 2
    assert made.rejected == {
        "names its skill": 2,
        "too short": 2,
        "nothing to say": 2,
        "too long": 2,
    }


def test_the_caller_may_refuse_with_a_reason():
    made = generate(many(4), Scripted(TEXT), limit=3, seed=1, refuse=lambda pair: "leaks")
    assert (made.pairs, made.rejected) == ((), {"leaks": 4})


# ------------------------------------------------------------------------ files

texts = st.text(max_size=30)
skills = st.builds(
    lambda i, name, description, body: skill(f"p/{i}", description, body, name=name),
    st.integers(0, 9),
    texts,
    texts,
    texts,
)


@given(pairs=st.lists(st.builds(Pair, texts, skills, st.tuples(skills, skills)), max_size=3))
def test_pairs_come_back_as_they_were(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_pairs(folder, pairs)
    assert read_pairs(folder) == tuple(pairs)


@given(lists=st.lists(st.lists(skills, min_size=1, max_size=3), max_size=3))
def test_lists_come_back_as_they_were(lists, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    made = [
        CandidateList("q\n", tuple(Scored(one, 0.1, -1 / 3) for one in entry)) for entry in lists
    ]
    write_pairs(folder, [Pair("x", skill("p/1"))])
    write_lists(folder, made)
    assert read_lists(folder) == tuple(made)
    assert read_pairs(folder) == (Pair("x", skill("p/1")),)


def test_labels_come_back_as_they_were(tmp_path):
    labels = (TrainLabel("q", "p/1", "a" * 64, LabelRole.TARGET, LabelSource.GENERATED),)
    write_labels(tmp_path, labels)
    assert read_labels(tmp_path) == labels
    assert json.loads((tmp_path / "labels.jsonl").read_text())["source"] == "generated"


def test_a_damaged_folder_is_named(tmp_path):
    write_pairs(tmp_path, [Pair("x", skill("p/1"))])
    (tmp_path / "texts.jsonl").write_text("")
    with pytest.raises(TrainingError, match=r"texts\.jsonl lacks the text"):
        read_pairs(tmp_path)
    (tmp_path / "pairs.jsonl").write_text("{")
    with pytest.raises(TrainingError, match="cannot be read"):
        read_pairs(tmp_path)
