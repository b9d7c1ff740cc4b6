"""All files of a plan, each checked for itself: what later checks and the builder read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from callcenter.numberplan.files import (
    OPTIONAL,
    SHAPES,
    CatalogFile,
    CentreFile,
    EmergenciesFile,
    FeatureCodesFile,
    HoursFile,
    MenusFile,
    NumbersFile,
    OperatorsFile,
    PhasesFile,
    ProtectionFile,
    QueuesFile,
    SeatsFile,
    SurveysFile,
    TrunkFile,
    UnitsFile,
    VoiceBoxesFile,
)
from callcenter.numberplan.problems import Problem, suggest
from callcenter.numberplan.source import TRUNKS, Source
from callcenter.numberplan.validate import AnyShape, validate
from callcenter.numberplan.yamltree import Path, Tree, Value, parse

CENTRE = "dialplan/centre.yaml"
NUMBERS = "dialplan/numbers.yaml"
EMERGENCIES = "dialplan/emergencies.yaml"
PHASES = "dialplan/phases.yaml"
QUEUES = "dialplan/queues.yaml"
MENUS = "dialplan/menus.yaml"
SURVEYS = "dialplan/surveys.yaml"
PROTECTION = "dialplan/protection.yaml"
VOICE_BOXES = "dialplan/voice_boxes.yaml"
HOURS = "dialplan/hours.yaml"
UNITS = "dialplan/units.yaml"
OPERATORS = "agents/operators.yaml"
SEATS = "agents/seats.yaml"
CODES = "agents/feature_codes.yaml"
CATALOG = "ivr_prompts/catalog.yaml"


@dataclass
class Parsed:
    """Each file's content, or None where it is too wrong to be used, and the problems so far."""

    source: Source
    trees: dict[str, Tree]
    centre: CentreFile | None
    numbers: NumbersFile | None
    emergencies: EmergenciesFile | None
    phases: PhasesFile | None
    queues: QueuesFile | None
    menus: MenusFile | None
    surveys: SurveysFile | None
    protection: ProtectionFile | None
    voice_boxes: VoiceBoxesFile | None
    hours: HoursFile | None
    units: UnitsFile | None
    operators: OperatorsFile | None
    seats: SeatsFile | None
    codes: FeatureCodesFile | None
    catalog: CatalogFile | None
    trunks: dict[str, TrunkFile]
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, file: str, path: Path, text: str, *, at_key: bool = False) -> None:
        """Note an error at the value (or the key) at `path`."""
        self.errors.append(self._problem(file, path, text, at_key))

    def warning(self, file: str, path: Path, text: str, *, at_key: bool = False) -> None:
        """Note a warning at the value (or the key) at `path`."""
        self.warnings.append(self._problem(file, path, text, at_key))

    def line(self, file: str, path: Path) -> int:
        """The line of the key at `path`."""
        return self.trees[file].key_mark(path).line

    def where(self, file: str, path: Path) -> str:
        """`file:line` of the key at `path`, to point at another place in a sentence."""
        return f"{file}:{self.line(file, path)}"

    def has(self, file: str, path: Path) -> bool:
        """Whether the key at `path` is written in the file."""
        return path in self.trees[file].keys

    def names(self, file: str, key: str) -> frozenset[str] | None:
        """Every name written under `key`, wrong entries too; None where that cannot be known."""
        tree = self.trees.get(file)
        if tree is None and file in OPTIONAL:
            return frozenset()
        if tree is None or (tree.problems and not tree.value):
            return None
        section = tree.value.get(key) if isinstance(tree.value, dict) else None
        return frozenset(section) if isinstance(section, dict) else frozenset()

    def entries(self, file: str, key: str) -> Iterable[Mapping[str, Value]]:
        """Every entry written under `key`, wrong ones too, as written."""
        value = self.trees[file].value
        section = value.get(key) if isinstance(value, dict) else None
        return (
            entry
            for entry in (section.values() if isinstance(section, dict) else ())
            if isinstance(entry, dict)
        )

    def trunk_names(self) -> frozenset[str]:
        """Every trunk that has a file, be it right or wrong."""
        return frozenset(
            name for path in self.source.texts if (name := trunk_name(path)) is not None
        )

    def refer(
        self, file: str, path: Path, name: str, known: frozenset[str] | None, what: str
    ) -> bool:
        """Whether `name` exists; an error at `path` where it does not."""
        if known is None:
            return False
        if name not in known:
            self.error(file, path, f"there is no {what} {name!r}; {suggest(name, known)}")
        return name in known

    def _problem(self, file: str, path: Path, text: str, at_key: bool) -> Problem:
        tree = self.trees[file]
        mark = tree.key_mark(path) if at_key else tree.value_mark(path)
        return Problem(file, mark.line, mark.column, text)


def trunk_name(path: str) -> str | None:
    """The trunk that this file describes."""
    folder, _, name = path.rpartition("/")
    return name.removesuffix(".yaml") if folder == TRUNKS and name.endswith(".yaml") else None


def parse_all(source: Source) -> Parsed:
    """Parse and check each file for itself."""
    trees = {path: parse(path, text) for path, text in sorted(source.texts.items())}
    errors = list(_misplaced(source.texts))

    def read(path: str, shape: type[AnyShape]) -> AnyShape | None:
        tree = trees.get(path)
        if tree is None and path in OPTIONAL:
            return shape()
        if tree is None:
            errors.append(Problem(path, 1, 1, "is missing; put the file there"))
            return None
        if tree.problems and not tree.value:
            return None
        return validate(tree, shape)

    files = {path: read(path, shape) for path, shape in SHAPES.items()}
    trunks: dict[str, TrunkFile] = {}
    for path in trees:
        name = trunk_name(path)
        if name is not None:
            trunk = read(path, TrunkFile)
            if trunk is not None:
                trunks[name] = trunk
    errors += (problem for tree in trees.values() for problem in tree.problems)
    return Parsed(
        source=source,
        trees=trees,
        centre=cast("CentreFile | None", files[CENTRE]),
        numbers=cast("NumbersFile | None", files[NUMBERS]),
        emergencies=cast("EmergenciesFile | None", files[EMERGENCIES]),
        phases=cast("PhasesFile | None", files[PHASES]),
        queues=cast("QueuesFile | None", files[QUEUES]),
        menus=cast("MenusFile | None", files[MENUS]),
        surveys=cast("SurveysFile | None", files[SURVEYS]),
        protection=cast("ProtectionFile | None", files[PROTECTION]),
        voice_boxes=cast("VoiceBoxesFile | None", files[VOICE_BOXES]),
        hours=cast("HoursFile | None", files[HOURS]),
        units=cast("UnitsFile | None", files[UNITS]),
        operators=cast("OperatorsFile | None", files[OPERATORS]),
        seats=cast("SeatsFile | None", files[SEATS]),
        codes=cast("FeatureCodesFile | None", files[CODES]),
        catalog=cast("CatalogFile | None", files[CATALOG]),
        trunks=trunks,
        errors=errors,
    )


def _misplaced(texts: Mapping[str, str]) -> Iterable[Problem]:
    for path in texts:
        if path not in SHAPES and trunk_name(path) is None:
            hint = suggest(path, SHAPES)
            yield Problem(path, 1, 1, f"is no file of the plan; {hint} A trunk is trunks/NAME.yaml")
