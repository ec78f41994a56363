"""The Python of notebooks and of examples in pages, as modules that a type checker reads."""

from __future__ import annotations

import ast
import doctest
from pathlib import Path
from typing import Any

import nbformat

from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "docs/python").glob("*.ipynb"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/python").glob("*.md"))]


def of_notebook(path: Path) -> str:
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def of_page(path: Path) -> str:
    examples = doctest.DocTestParser().get_examples(path.read_text())
    return "".join(example.source for example in examples)


class _Shown(ast.NodeTransformer):
    """What stands alone on a line is shown there: to a checker it would be a slip."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        if isinstance(node.value, ast.Call):
            return node
        called = ast.Call(ast.Name("print", ast.Load()), [node.value], [])
        return ast.Expr(called)


def module_of(path: Path) -> str:
    source = of_notebook(path) if path.suffix == ".ipynb" else of_page(path)
    tree = _Shown().visit(ast.parse(source))
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def modules_in(folder: Path) -> list[Path]:
    """All of them, written to a folder."""
    made = []
    for path in [*NOTEBOOKS, *PAGES]:
        code = module_of(path)
        if code.strip():
            name = f"{path.parent.name}_{path.stem}_{path.suffix[1:]}".replace("-", "_").lower()
            made.append(folder / f"{name}.py")
            made[-1].write_text(code)
    assert len(made) >= 5
    return made
