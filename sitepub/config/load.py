"""From serverless.yml to a :class:`~sitepub.config.project.Project`."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sitepub.config.checks.invisible import invisible_characters, is_about_a_colon
from sitepub.config.checks.look_alikes import with_look_alikes
from sitepub.config.checks.spellings import is_old_form, sites_in, to_one_spelling, unwrapped
from sitepub.config.document import MOST_PROBLEMS, Node, Place, Text, data_of, read_text, shown_path
from sitepub.config.finding import find_config, peek
from sitepub.config.hosts import read_hosts
from sitepub.config.identifiers import IDENTIFIER, is_identifier, nearest_identifier
from sitepub.config.inputs import apply_inputs
from sitepub.config.ownership import project_root, written_by_others
from sitepub.config.project import Override, Project
from sitepub.config.read_from import FILE_NAMES, ReadFrom
from sitepub.config.repository.git_values import GitValues
from sitepub.config.stages import Stages, merge, read_stages, safe_stage
from sitepub.config.variables.dotenv import Dotenv, read_dotenv
from sitepub.config.variables.variables import NAMES, Variables
from sitepub.config.yaml12 import read_yaml
from sitepub.errors import ConfigError, NoStage, Position, Problem

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def load_project(file: Path, *, stage: str | None = None, inputs: Sequence[str] = (),
                 environ: Mapping[str, str] | None = None, new_region: bool = False,
                 branch: str | None = None) -> Project:
    """Read and check one project.

    ``stage`` and ``inputs`` (``key=value``) are the command line's; ``environ`` is the real environment.
    ``new_region``: a region that is not known is a warning, not a mistake. ``branch``: the stage is that of this branch
    instead of the one that is checked out.
    Raises :class:`~sitepub.errors.ConfigError` with every problem found, in the order of the file;
    :class:`~sitepub.errors.NoStage` when one of them is that the branch has no stage.
    """
    loading = _Loading(Path(os.path.normpath(file.absolute())), os.environ if environ is None else environ, branch)
    loading.new_region = new_region
    return loading.project(stage, inputs)


class _Loading:
    """One file on its way to a project; collects problems and warnings."""

    def __init__(self, file: Path, environ: Mapping[str, str], branch: str | None = None) -> None:
        self.file = file
        self.branch = branch
        self.no_stage: Problem | None = None
        self.environ = environ
        self.new_region = False
        self.git = GitValues(self.file.parent, environ)
        self.stage_from = "the default"
        self.by_branch = False
        self.at = time.time_ns()
        self.looked_up: set[str] = set()
        self.above = branch is not None
        """Files of folders above were found, or the branch was given."""
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def project(self, stage: str | None, inputs: Sequence[str]) -> Project:
        root = self._root()
        if root is None:
            self.problems += read_dotenv(self.file.parent, stage).problems
            raise ConfigError(_in_order(self.problems))
        names = self._parent_names(root)
        stages = read_stages(root.entries.pop("stages", None), self.problems)
        chosen = self._settle_stage(root, names, stages, stage)
        overrides = self._override(root, stages, chosen)
        self.problems += apply_inputs(root, inputs)
        to_one_spelling(root, self.problems, self.warnings)
        dotenv = self._replace_variables(root, names, chosen)
        if stages.node is not None:
            from sitepub.config.checks.stage_inputs import check_stage_inputs

            self.problems += check_stage_inputs(stages)
        project = self._checked(root, dotenv)
        return replace(project, stage_from=self.stage_from, stage_by_branch=self.by_branch, overrides=overrides,
                       read_from=ReadFrom(tuple(sorted(self.looked_up)), self.at, self.git.asked or self.above))

    def _root(self) -> Node | None:
        """The tree of the file; ``None`` (and a problem) when there is none to go on with."""
        others = [self.file.with_name(n) for n in FILE_NAMES if n != self.file.name]
        for other in others:
            if other.is_file() and self.file.name in FILE_NAMES:
                self.warnings.append(Problem(f"{other.name} lies beside it and is not read",
                                             Position(shown_path(self.file))))
        text = read_text(self.file)
        if isinstance(text, Problem):
            self.problems.append(text)
            return None
        invisible = list(invisible_characters(text))
        document = read_yaml(text)
        if not document.problems:
            invisible = [problem for problem in invisible if not is_about_a_colon(problem)]
        if invisible:  # what else is wrong may come from them
            self.problems += invisible
            return None
        self.problems += document.problems
        root = document.root
        if root is not None and not isinstance(root.value, dict):
            from sitepub.config.checks.shapes import slip_in

            self.problems.append(Problem("expected keys such as component, name and inputs, "
                                         f"got {root.kind}", root.here, slip_in(root)))
            return None
        if root is None and not document.problems:
            self.problems.append(Problem("is empty", Position(text.name),
                                         "Run `sitepub init` in another folder to see a complete one."))
        several = sites_in(root) if root is not None else []
        if root is not None and len(several) > 1:
            self.problems.append(Problem(
                f"this file holds {len(several)} sites ({', '.join(several)}), and sitepub publishes one of each file",
                root.entries[several[1]].key_here, "Give each a folder with a serverless.yml of its own;"
                " `sitepub deploy` in the folder above publishes them all."))
            return None
        return unwrapped(root) if root is not None else None

    def _parent_names(self, root: Node) -> dict[str, Node]:
        """The nodes of name, app, stage and org: the file's own, else those of the parent folder's yml."""
        names = {name: root.entries[name] for name in NAMES if name in root.entries}
        parent = find_config(self.file.parent.parent)
        if parent is None or parent == self.file:
            return names
        self.above = True
        folder = self.file.parent
        if not parent.parent.is_relative_to(project_root(folder)) and (why := written_by_others(parent, folder)):
            self.warnings.append(Problem(f"is not read: it lies above the project, and {why}",
                                         Position(shown_path(parent))))
            return names
        above = peek(parent)
        if above is None:
            self.warnings.append(Problem("cannot be read: app, stage and org are not taken from it",
                                         Position(shown_path(parent))))
        elif "component" not in above.entries:
            for name in ("app", "stage", "org"):
                node = above.get(name)
                if node is not None and root.get(name) is None:
                    names[name] = root.entries[name] = node
            for name in ("stages", "protect"):
                if root.get(name) is None and (node := above.get(name)) is not None:
                    root.entries[name] = node
        return names

    def _settle_stage(self, root: Node, names: dict[str, Node], stages: Stages, stage: str | None) -> str | None:
        """The stage: --stage, else that of the branch by ``stages``, else ``stage``, else dev. Puts it into the tree;
        ``None`` when it cannot be known."""
        if stage is not None:
            self.stage_from = "--stage"
            return self._set_stage(root, names, Node(stage, Place(Text("--stage", stage, whole=True)), None, stage))
        # the stage may come from .env, so it is known before .env.STAGE can be read
        base = read_dotenv(self.file.parent, None)
        self.above |= base.above
        early = Variables(names, {**base.values, **self.environ}, [], self.git)
        early.looked_up = self.looked_up
        node = names.get("stage")
        if stages.branches:
            branch = self.branch or self.git.branch
            if branch is not None and stages.for_branch(branch) is not None:
                return self._stage_of_branch(root, names, early, stages, branch)
            if node is None or node.value is None:
                self._no_stage(stages, branch)
                return None
        if node is not None and node.value is not None:
            self.stage_from = f"`stage` at {node.here}"
        early.fallback["stage"] = "dev"
        text = early.top_value("stage")
        if text is not None and node is not None and early.took_git:
            self.stage_from += ", named after what git says"
            self.by_branch = True
            return self._set_stage(root, names, _renamed(node, safe_stage(text)))
        return text

    def _stage_of_branch(self, root: Node, names: dict[str, Node], early: Variables, stages: Stages,
                         branch: str) -> str | None:
        mapped = stages.for_branch(branch)
        assert mapped is not None
        early.problems = self.problems
        early.more["branch"] = safe_stage(branch)
        found = early.resolved(mapped)
        if mapped.broken:
            return None
        if early.took_git and (owner := stages.named(safe_stage(found))) is not None:
            self.problems.append(Problem(
                f"the branch `{branch}` would publish to the stage `{safe_stage(found)}`, which belongs to `{owner}`",
                mapped.here, f"Name its stage: `{branch}: …`, or rename the branch."))
            return None
        self.stage_from = f"the branch {branch}, by `stages` at {mapped.here}"
        self.by_branch = True
        return self._set_stage(root, names, _renamed(mapped, safe_stage(found) if early.took_git else found))

    def _no_stage(self, stages: Stages, branch: str | None) -> None:
        """The file says only which branch has which stage, and this one has none."""
        assert stages.node is not None
        self.no_stage = Problem(
            f"no entry of `stages` fits the branch `{branch}`" if branch is not None else
            "`stages` says which branch has which stage, but the branch is not known here: none is checked out, and"
            " no CI system says one", stages.node.key_here,
            "Name the stage with --stage, or add `stage: dev` for all other branches.")
        self.problems.append(self.no_stage)

    @staticmethod
    def _set_stage(root: Node, names: dict[str, Node], node: Node) -> str:
        names["stage"] = root.entries["stage"] = node
        return str(node.value)

    def _override(self, root: Node, stages: Stages, stage: str | None) -> tuple[Override, ...]:
        """Merge what the stage has of its own over the inputs."""
        found: list[Override] = []
        for inputs in stages.of(stage) if stage is not None else ():
            base = root.entries.get("inputs")
            if base is None or base.value is None:
                base = root.entries["inputs"] = Node({}, inputs.place, inputs.key_place)
            if isinstance(base.value, dict):
                found += merge(base, inputs)
        return tuple(found)

    def _replace_variables(self, root: Node, names: Mapping[str, Node], stage: str | None) -> Dotenv:
        """Read the .env files of the stage, and replace every variable."""
        self._propose_stage(root)
        usable = stage is not None and _PLAIN_NAME.fullmatch(stage) is not None
        dotenv = read_dotenv(self.file.parent, stage if usable else None)
        self.problems += dotenv.problems
        self.warnings += dotenv.warnings
        self.above |= dotenv.above
        variables = Variables(names, {**dotenv.values, **self.environ}, self.problems, self.git)
        variables.looked_up = self.looked_up
        variables.fallback["stage"] = stage or "dev"
        variables.replace_in(root)
        return dotenv

    def _propose_stage(self, root: Node) -> None:
        """Say the nearest name for a stage that is none and is written out: a variable's value may be secret."""
        node = root.get("stage")
        if node is None or not isinstance(node.value, str) or "${" in node.value or is_identifier(node.value):
            return
        fit = nearest_identifier(node.value)
        if fit:
            self.problems.append(Problem(f"`stage`: {IDENTIFIER}", node.here, f"Did you mean `{fit}`?"))
            node.broken = True

    def _checked(self, root: Node, dotenv: Dotenv) -> Project:
        from pydantic import ValidationError

        from sitepub.config.checks.leading_slashes import strip_leading_slashes
        from sitepub.config.checks.old_hosts import rewrite_old_hosts
        from sitepub.config.checks.tree import check
        from sitepub.config.ignored import take_ignored
        from sitepub.config.models.inputs import ConfigShape, InputsShape, SourceShape

        for key in [key for key in root.entries if key.startswith("x-")]:
            del root.entries[key]  # a place for anchors
        old_form = is_old_form(root)
        self.problems += rewrite_old_hosts(root)
        self.warnings += take_ignored(root, old_form=old_form)
        self.warnings += strip_leading_slashes(root)
        found = check(root, {**dotenv.values, **self.environ}, new_region=self.new_region)
        self.problems += found.problems
        self.warnings += found.warnings
        hosts = read_hosts(root, self.problems, self.warnings)
        if (site := root.get("inputs")) is not None:
            site.entries.pop("code", None)  # if it is still there, the checks spoke about it
        config = None
        try:
            config = ConfigShape.model_validate(data_of(root))
        except ValidationError as error:
            from sitepub.config.checks.mistakes import mistakes

            self.problems += mistakes(error, ConfigShape, root, elsewhere=(
                ("", ConfigShape), ("inputs", InputsShape), ("inputs.src", SourceShape)))
        if self.no_stage is not None:
            raise NoStage(self.no_stage, _in_order(self.problems))
        if self.problems or config is None:
            raise ConfigError(_in_order(self.problems))
        from sitepub.config.build import build_project

        return build_project(self.file, root, config, hosts, old_form=old_form, dotenv=dotenv.values,
                             warnings=_in_order(self.warnings))


def _renamed(node: Node, stage: str) -> Node:
    return Node(stage, node.place, node.key_place, stage)


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Without repetitions, in the order of the file; what stands nowhere first."""
    def place(problem: Problem) -> tuple[str, int, int]:
        where = problem.position
        return ("", 0, 0) if where is None else (where.file, where.line or 0, where.column or 0)

    found = sorted(dict.fromkeys(with_look_alikes(problems)), key=place)
    if len(found) > MOST_PROBLEMS:
        found[MOST_PROBLEMS:] = [Problem(f"there are more mistakes; these are the first {MOST_PROBLEMS}")]
    return found
