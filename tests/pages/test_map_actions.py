"""What the map does with its selection: categories and the queue for labelling, with undo."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.common.map_actions import CATEGORY, NEW
from tests.pages.conftest import HOSTILE, Studio, texts

EVERYTHING = "-9000000_-9000000_9000000_-9000000_9000000_9000000_-9000000_9000000"
PDFS = ["mine/documents/pdf-merge", "mine/documents/pdf-split"]


@pytest.fixture
def mapped(studio: Studio) -> Studio:
    studio.fill()
    studio.ws.map.build()
    return studio


def categories(studio: Studio) -> dict[str, str]:
    """Every skill's category by the name of its folder."""
    return {one.skill_id.rsplit("/", 1)[-1]: one.category for one in studio.ws.catalogs.skills()}


def keys(at: AppTest) -> set[str]:
    return {button.key for button in at.button}


def queued(studio: Studio) -> list[str]:
    return sorted(one.skill_id for one in studio.ws.labels.queued())


def assign(at: AppTest, category: str, author: str = "ann") -> AppTest:
    at.text_input(key="annotator").set_value(author)
    at.text_input(key=NEW).set_value(category)
    return at.button(key="assign category").click().run()


def test_without_a_selection_there_is_nothing_to_do(mapped: Studio) -> None:
    assert not {"assign category", "label later", "take back"} & keys(mapped.open("map"))


def test_existing_categories_are_offered(mapped: Studio) -> None:
    at = mapped.open("map", within=EVERYTHING)
    assert at.selectbox(key=CATEGORY).options == ["devops", "documents", "writing"]


def test_new_category_is_given_and_taken_back(mapped: Studio) -> None:
    before = categories(mapped)
    at = assign(mapped.open("map", find="pdf", colour="category", sort="name"), "Office")
    assert "Category **Office** given to 2 skills." in texts(at)
    assert categories(mapped) == before | {"pdf-merge": "Office", "pdf-split": "Office"}
    assert list(at.dataframe[-1].value["Category"]) == ["Office", "Office"]
    assert [one.author for one in mapped.ws.catalogs.category_events(PDFS[0])] == ["ann"]
    at = at.button(key="undo done").click().run()
    assert "Taken back: 2 skills" in texts(at)
    assert categories(mapped) == before
    assert "undo done" not in keys(at)
    assert "Taken back" not in texts(at.button(key="close done").click().run())


def test_order_by_category_follows_at_once(mapped: Studio) -> None:
    at = assign(mapped.open("map", within=EVERYTHING, find="pod", sort="category"), "aaa")
    at = at.text_input(key="find").set_value("").run()
    assert at.dataframe[-1].value["Name"].iloc[0] == "Pod restarts"


def test_what_is_typed_and_chosen_stays_on_a_rerun(mapped: Studio) -> None:
    at = mapped.open("map", find="pdf")
    at.selectbox(key=CATEGORY).set_value("writing")
    at.text_input(key=NEW).set_value("Off").run()
    at = at.text_input(key="find").set_value("zebra").run()
    assert "assign category" not in keys(at)
    at = at.text_input(key="find").set_value("pod").run()
    assert at.selectbox(key=CATEGORY).value == "writing"
    assert at.text_input(key=NEW).value == "Off"


def test_one_there_is_can_be_chosen_and_a_new_one_goes_before_it(mapped: Studio) -> None:
    at = mapped.open("map", find="pdf")
    at.selectbox(key=CATEGORY).set_value("writing")
    at = at.button(key="assign category").click().run()
    assert categories(mapped)["pdf-merge"] == "writing"
    at = assign(at, " Office  work ")
    assert categories(mapped)["pdf-merge"] == "Office work"
    assert at.text_input(key=NEW).value == ""
    assert at.selectbox(key=CATEGORY).value == "Office work"
    at = at.button(key="undo done").click().run()
    assert categories(mapped)["pdf-merge"] == "writing"
    assert at.selectbox(key=CATEGORY).value is None


def test_source_gets_its_say_again(mapped: Studio) -> None:
    before = categories(mapped)
    at = mapped.open("map", within=EVERYTHING)
    assert at.button(key="clear category").disabled
    mapped.ws.catalogs.assign_category(PDFS[:1], "Office", "bob")
    at = at.run()
    assert at.button(key="clear category").label == "Back to the source's (1)"
    at = at.button(key="clear category").click().run()
    assert "1 skill back to the source's category" in texts(at)
    assert categories(mapped) == before
    at.button(key="undo done").click().run()
    assert categories(mapped)["pdf-merge"] == "Office"


@pytest.mark.parametrize("category", ["", "x" * 201])
def test_category_without_a_fit_name_is_refused(mapped: Studio, category: str) -> None:
    before = categories(mapped)
    at = assign(mapped.open("map", within=EVERYTHING), category)
    assert at.text_input(key=NEW).value == category
    assert "Not done: category" in at.toast[0].value
    assert "undo done" not in keys(at)
    assert categories(mapped) == before


def test_category_they_have_changes_nothing(mapped: Studio) -> None:
    at = assign(mapped.open("map", find="pdf"), "Office")
    at = assign(at, "Office")
    assert "Nothing changed" in texts(at)
    assert "undo done" not in keys(at)


def test_hostile_category_is_shown_as_it_is(mapped: Studio) -> None:
    at = assign(mapped.open("map", find="pdf"), HOSTILE)
    assert f"Category **{HOSTILE[:40]}" in texts(at)
    said = next(one.value for one in at.markdown if "given to" in one.value)
    assert "<script" not in said.replace("\\<", "")


def test_selection_waits_for_labels_and_is_taken_back(mapped: Studio) -> None:
    at = mapped.open("map", find="pdf")
    assert "take back" not in keys(at)
    assert at.button(key="label later").label == "Label later (2)"
    at = at.button(key="label later").click().run()
    assert queued(mapped) == PDFS
    assert "2 skills put into the queue" in texts(at)
    assert "2 skills wait for labels in all" in texts(at)
    assert "label later" not in keys(at)
    assert "2 skills wait for labels in all" in texts(mapped.open("map"))
    at = at.button(key="take back").click().run()
    assert queued(mapped) == []
    assert "2 skills taken out of the queue" in texts(at)


def test_undo_takes_out_only_what_was_put_in(mapped: Studio) -> None:
    mapped.ws.labels.enqueue(PDFS[:1], "bob")
    at = mapped.open("map", within=EVERYTHING)
    assert at.button(key="label later").label == "Label later (3)"
    assert at.button(key="take back").label == "Take back (1)"
    at = at.button(key="label later").click().run()
    assert len(queued(mapped)) == 4
    at.button(key="undo done").click().run()
    assert queued(mapped) == PDFS[:1]


def test_skill_gone_since_the_map_was_made_hinders_nothing(mapped: Studio) -> None:
    (mapped.source / "documents/pdf-split/SKILL.md").unlink()
    mapped.sync(index=False)
    at = mapped.open("map", within=EVERYTHING)
    assert at.button(key="label later").label == "Label later (3)"
    at = assign(at, "Office")
    assert set(categories(mapped).values()) == {"Office"}


def test_skill_that_goes_while_the_page_is_open_is_named(mapped: Studio) -> None:
    at = mapped.open("map", within=EVERYTHING)
    (mapped.source / "documents/pdf-split/SKILL.md").unlink()
    mapped.sync(index=False)
    at = at.button(key="label later").click().run()
    assert "Not done: no skill" in at.toast[0].value.replace("\\", "")
    assert queued(mapped) == []
