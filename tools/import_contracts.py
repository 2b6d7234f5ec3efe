"""A contract that import-linter lacks: what a room imports *itself* comes from a closed list.

The stock contracts name what is forbidden, and follow chains of imports; "nothing but the library" and "a command
may ask a projection" are lists of what is allowed, and end at the first import.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules


class DirectContract(Contract):
    """Which modules may be imported at first hand.

    Options, all lists of module expressions, each standing for the package below it too:

        importers     whom the contract is about; one that does not exist yet is no error
        but_not       those among them whom it is not about
        within        judge only imports of these; everything if left out
        allowed       what may be imported; if left out, whatever is not forbidden
        forbidden     what may not be imported, even if allowed
        allow_stdlib  the standard library is allowed as well (except what is forbidden)
    """

    type_name: ClassVar[str] = "direct"

    importers = fields.SetField(subfield=fields.ModuleExpressionField())
    but_not = fields.SetField(subfield=fields.ModuleExpressionField(), required=False)
    within = fields.SetField(subfield=fields.ModuleExpressionField(), required=False)
    allowed = fields.SetField(subfield=fields.ModuleExpressionField(), required=False)
    forbidden = fields.SetField(subfield=fields.ModuleExpressionField(), required=False)
    allow_stdlib = fields.BooleanField(required=False, default=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - import-linter's own
        """Look at every import that starts in an importer."""
        importers = _modules(graph, self.importers) - _modules(graph, self.but_not)
        within = _modules(graph, self.within) if self.within else graph.modules
        allowed = _modules(graph, self.allowed) if self.allowed else graph.modules
        forbidden = _modules(graph, self.forbidden)
        if self.allow_stdlib:
            allowed = allowed | sys.stdlib_module_names
        wrong = [
            (importer, imported)
            for importer in importers & graph.modules
            for imported in graph.find_modules_directly_imported_by(importer) & within
            if imported in forbidden or imported not in allowed
        ]
        lines = [
            f"{importer} -> {imported} (l.{detail['line_number']})"
            for importer, imported in sorted(wrong)
            for detail in graph.get_import_details(importer=importer, imported=imported)
        ]
        return ContractCheck(kept=not wrong, metadata={"lines": lines})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import and its line."""
        for line in check.metadata["lines"]:
            output.print_error(f"- {line}", bold=False)
        output.new_line()


def _modules(graph: ImportGraph, expressions: Any) -> set[str]:
    # a field describes itself as a Field; what stands in it is a set of expressions, or None
    found = module_expressions_to_modules(graph, expressions or ())
    names = {module.name for module in found}
    below = (graph.find_descendants(name) for name in names & graph.modules if not graph.is_module_squashed(name))
    return names.union(*below)
