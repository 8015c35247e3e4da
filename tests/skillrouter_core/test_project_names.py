"""Terms as people write them, and names that tell clusters apart."""

import numpy as np
import pytest

from skillrouter_core.project.names import UNNAMED, cluster_terms, names
from skillrouter_core.project.words import read_terms
from tests.fakes import skill

TOPICS = {
    "docker": ["Build small Docker images", "Sign Docker images", "Scan Docker images for leaks"],
    "bread": ["Bake sourdough bread", "Proof sourdough bread", "Score sourdough bread"],
    "tax": ["File the VAT return", "Check a VAT number", "Reclaim VAT on travel"],
}


def catalog(topics=TOPICS, copies=2):
    """Return skills of some topics, `copies` times, and each one's topic as a number."""
    found, labels = [], []
    for number, (topic, descriptions) in enumerate(topics.items()):
        for copy in range(copies):
            for place, text in enumerate(descriptions):
                found.append(skill(f"a/{topic}-{copy}-{place}", text, f"Use this for {topic}."))
                labels.append(number)
    return found, np.array(labels, dtype=np.int16)


def named(skills, labels, parents=None):
    """Return each cluster's name, of one level that stands below `parents`."""
    terms = read_terms(skills)
    count = int(labels.max()) + 1
    parents = np.zeros(count, dtype=np.int16) if parents is None else parents
    coarse = np.where(labels < 0, -1, parents[labels]).astype(np.int16)
    _, fine = cluster_terms(terms, coarse, labels, parents)
    return names(fine, terms, parents.tolist(), ["Everything"] * (int(parents.max()) + 1))


# ------------------------------------------------------------------ terms


def spelling_of(terms, *words):
    for key, spelling in zip(terms.keys, terms.spellings, strict=True):
        if spelling.casefold() == " ".join(words).casefold():
            return key, spelling
    return None


def test_words_and_neighbours_are_terms_as_sentences_write_them():
    skills = [skill(f"a/node-js-{n}", "Tune Node.js and CI/CD for PostgreSQL") for n in range(3)]
    terms = read_terms(skills)
    assert {"Node.js", "CI/CD", "PostgreSQL"} <= set(terms.spellings)
    assert "node js" not in terms.spellings  # the names' spelling


def test_plural_and_singular_are_one_term_spelled_as_most_often():
    texts = ["Rotate backups", "Rotate backups", "Rotate a backup"]
    terms = read_terms([skill(f"a/{n}", text) for n, text in enumerate(texts)])
    assert spelling_of(terms, "backups") == (("backup",), "backups")
    assert spelling_of(terms, "backup") is None


def test_name_weighs_more_than_description_and_that_more_than_body():
    skills = [
        skill("a/1", "", name="violin"),
        skill("a/2", "Tune a violin"),
        skill("a/3", "Tune strings", "The violin and more violin."),
        skill("a/4", "Tune a violin", name="violin"),
    ]
    terms = read_terms(skills)
    violin = terms.spellings.index("violin")
    weights = []
    for row in range(4):
        own = slice(terms.starts[row], terms.starts[row + 1])
        weights += terms.weights[own][terms.ids[own] == violin].tolist()
    assert weights == [3, 2, 1, 3]


def test_a_word_of_bodies_alone_or_of_one_description_names_no_cluster():
    bodies = [skill(f"a/{n}", f"Rotate backup{n}", "Violin.", name=f"n{n}") for n in range(4)]
    others = [skill(f"b/{n}", "Tune a violin", name=f"m{n}") for n in range(4)]
    labels = np.repeat(np.arange(2, dtype=np.int16), 4)
    assert named(bodies + others, labels) == ["Rotate", "Tune, violin"]


def test_words_of_bodies_name_a_cluster_that_has_no_others():
    bodies = [skill(f"a/{n}", "", "Violin strings.", name=f"n{n}") for n in range(4)]
    others = [skill(f"b/{n}", "Violin strings", name=f"m{n}") for n in range(2)]
    labels = np.array([0] * 4 + [-1] * 2, dtype=np.int16)
    assert named(bodies + others, labels) == ["Violin strings"]


def test_terms_of_bodies_alone_name_nothing():
    terms = read_terms([skill(f"a/{n}", "About it", "Photosynthesis.") for n in range(5)])
    assert spelling_of(terms, "Photosynthesis") is None


@pytest.mark.parametrize("word", ["skill", "guide", "use", "tools", "best practices", "js"])
def test_words_without_a_subject_are_generic(word):
    skills = [skill(f"a/{n}", f"Zebra. {word}. Zebra") for n in range(4)]
    terms = read_terms(skills)
    found = dict(zip(terms.spellings, terms.generic.tolist(), strict=True))
    assert found[word] is True
    assert found["Zebra"] is False


def test_syllables_of_unspaced_scripts_name_nothing_but_ideographs_may():
    terms = read_terms([skill(f"a/{n}", "コンテナ 翻訳") for n in range(3)])
    found = dict(zip(terms.spellings, terms.generic.tolist(), strict=True))
    assert found.pop("翻訳") is False
    assert all(found.values())


def test_the_cap_keeps_the_most_frequent_terms():
    texts = ["Alpha. Beta. Gamma"] * 3 + ["Alpha. Beta"]
    skills = [skill(f"a/{n}", text, name="1") for n, text in enumerate(texts)]
    assert set(read_terms(skills, most=2).spellings) == {"Alpha", "Beta"}


def test_no_skill_has_no_terms():
    terms = read_terms([])
    assert (terms.keys, terms.starts.tolist()) == ((), [0])


# ------------------------------------------------------------------ names


def test_clusters_are_named_after_what_sets_them_apart():
    skills, labels = catalog()
    found = named(skills, labels)
    for name, wanted in zip(found, ("Docker images", "sourdough bread", "VAT"), strict=True):
        assert wanted.casefold() in name.casefold()


def test_a_word_of_all_clusters_names_none():
    topics = {name: [f"Zebra {text}" for text in texts] for name, texts in TOPICS.items()}
    topics |= {f"t{n}": [f"Zebra subject{n} detail{n}"] * 3 for n in range(6)}
    skills, labels = catalog(topics)
    assert not any(name.casefold().startswith("zebra,") for name in named(skills, labels))


def test_noise_gives_no_name():
    skills, labels = catalog()
    labels = np.where(labels == 2, -1, labels).astype(np.int16)
    found = named(skills, labels)
    assert len(found) == 2
    assert not any("vat" in name.casefold() for name in found)


def test_siblings_never_share_a_name_and_cousins_may():
    skills, _ = catalog({"bread": TOPICS["bread"]}, copies=9)
    labels = np.repeat(np.arange(3, dtype=np.int16), 9)
    parents = np.array([0, 0, 1], dtype=np.int16)
    found = named(skills, labels, parents)
    assert found[0] != found[1]
    assert len({name.casefold() for name in found[:2]}) == 2


def test_a_child_is_not_called_like_its_parent():
    terms = read_terms([skill(f"a/{n}", "Violin") for n in range(3)])
    violin = terms.spellings.index("Violin")
    assert names([[violin], []], terms, [0, 0], ["violin"]) == ["Violin 2", "Mixed"]
    assert names([[violin]], terms, [0], ["violin"]) == ["Violin"]  # an only child


def test_clusters_without_any_term_still_have_names():
    terms = read_terms([])
    found = names([[], []], terms, [-1, -1], [])
    assert found == [UNNAMED.capitalize(), f"{UNNAMED.capitalize()} 2"]


def test_same_skills_give_the_same_names():
    skills, labels = catalog()
    assert named(skills, labels) == named(skills, labels)
