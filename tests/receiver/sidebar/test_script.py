"""Modules become one script only where that changes nothing of what they mean."""

from __future__ import annotations

import pytest

from receiver.sidebar.script import joined


def test_a_module_stands_behind_all_that_it_needs_and_once() -> None:
    modules = {
        "main.js": 'import { b } from "./b.js";\nimport { a } from "./a.js";\n\nb(a);\n',
        "b.js": 'import { a } from "./a.js";\n\nexport function b() { return a; }\n',
        "a.js": "export const a = 1;\n",
        "unused.js": "export const c = 2;\n",
    }
    assert joined(modules, "main.js").split("\n") == [
        *("const a = 1;", "", "", "function b() { return a; }", "", "", "b(a);", "")
    ]


@pytest.mark.parametrize(
    ("main", "fault"),
    [
        ('import { a } from "./a.js";\nconst a = 2;\n', "more than one module declares a"),
        ('import { a } from "./other.js";\n', "no module other.js"),
        ('import { a as b } from "./a.js";\n', "a as b"),
        ('import "./a.js";\n', "main.js: cannot be joined"),
        ("export default 1;\n", "main.js: cannot be joined"),
    ],
)
def test_what_one_script_would_change_is_refused(main: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        joined({"main.js": main, "a.js": "export const a = 1;\n"}, "main.js")
