"""Carry out a study: searches, then runs, then timing, then the report."""

from collections.abc import Callable, Iterator

from infnet_keras.errors import SpecError
from infnet_keras.progress import Progress
from infnet_keras.runs.needed_memory import needed_memory
from infnet_keras.runs.processes.schedule import Schedule
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.runs.settled import Settings, SettledRow, settled_runs
from infnet_keras.search.trial_jobs import TrialJobs
from infnet_keras.spec.nearest import nearest
from infnet_keras.study.final_runs import FinalRuns
from infnet_keras.study.loading import Study
from infnet_keras.study.one_answer import OneAnswer
from infnet_keras.study.row_search import RowSearch
from infnet_keras.study.rows import Rows, Variant
from infnet_keras.study.study_directory import StudyDirectory

Start = Callable[[dict[str, int]], Schedule]


class StudyRuns:
    """What a study consists of and how far it is.

    Args:
        study: the study.
        data: digest of the prepared data.
        directory: where it is kept.
        only: names of the rows to carry out; None: all.

    Attributes:
        names: of the rows to carry out.
        searches: the search of each.
        settled: the file that fixes the settings of each.

    Raises:
        SpecError: a row's values do not fit the spec, or there is no such row.
    """

    def __init__(
        self, study: Study, data: str, directory: StudyDirectory, only: list[str] | None = None
    ) -> None:
        self.study = study
        self.directory = directory
        self.rows = Rows(study, data)
        models = study.file.models
        for name in only or ():
            if name not in models:
                raise SpecError(
                    f"--only {name}: the study has no such row; {nearest(name, models)}"
                )
        self.names = [name for name in models if only is None or name in only]
        self.searches = {n: RowSearch(self.rows, n, directory.searches) for n in self.names}
        files = directory.row_files(study.file)
        self.settled = {
            n: SettledRow(directory.settled, files[n], self.searches[n].description)
            for n in self.names
        }
        for variant in self.rows.variants(self.names):  # a mistake is said before a run begins
            self.rows.configuration(variant.row, study.file.seeds[0], variant.values)

    def settings(self, row: str) -> Settings | None:
        """What a row is trained with; None as long as its search has not ended."""
        found = self.settled[row].read()
        looks = self.study.file.models[row].looks_before  # which may be counted anew
        return None if found is None else found._replace(looks_before=looks)

    def unsettled(self) -> list[str]:
        """Rows whose settings are not fixed."""
        return [name for name in self.names if self.settings(name) is None]

    def runs_of(self, variant: Variant, settings: Settings | None = None) -> list[RunFiles]:
        """The runs of a variant, seed by seed, with these settings or the row's fixed ones."""
        settings = settings or self.settings(variant.row)
        assert settings is not None
        values = {**settings.values, **variant.values}
        return [
            self.directory.run(self.rows.configuration(variant.row, seed, values))
            for seed in self.study.file.seeds
        ]

    def refuse_second_searches(self) -> None:
        """Make sure that nothing would be chosen after the test was seen."""
        for name in self.names:
            self.settled[name].refuse_second_search(self.directory.runs, name)

    def settle(self) -> None:
        """Fix the settings of every row whose search has ended, and free what lost."""
        for name in self.names:
            settings = self.settings(name) or self.searches[name].settings()
            variants = [v for v in self.rows.variants(self.names) if v.row == name]
            runs = [r.configuration.identity for v in variants for r in self.runs_of(v, settings)]
            self.settled[name].write(settings, list(dict.fromkeys(runs)))
        kept = settled_runs(self.directory.settled)
        for path in self.directory.runs.iterdir():
            if path.name not in kept and (path / "validation.json").exists():
                RunFiles.at(path).forget_model()

    def final_runs(self) -> Iterator[tuple[str, RunFiles]]:
        """Every run with a label: all rows with the first seed, then the next seed."""
        variants = self.rows.variants(self.names)
        of = {id(v): self.runs_of(v) for v in variants}
        for place, seed in enumerate(self.study.file.seeds):
            for variant in variants:
                yield f"{variant.name}, seed {seed}", of[id(variant)][place]


def run_study(runs: StudyRuns, start: Start, progress: Progress) -> dict[str, str]:
    """Carry out what is not done yet.

    Args:
        runs: of the study.
        start: makes the schedule, from what kinds of runs needed of memory before.
        progress: says what is done.

    Returns:
        What failed: label -> why.

    Raises:
        ModelError: a search would choose after the test was seen.
    """
    directory, file = runs.directory, runs.study.file
    runs.refuse_second_searches()
    with start(needed_memory(directory.runs)) as schedule:
        open_searches = [runs.searches[name] for name in runs.unsettled()]
        searches = [s for s in open_searches if s.description is not None]
        schedule.run(TrialJobs(searches, directory.runs, progress), "searching", "trials")
        runs.settle()
        final = FinalRuns(runs.final_runs(), directory.settled, file.bootstrap, progress)
        schedule.run(final, "training and scoring", "runs")
        failures = dict(final.failures)
        for one in answers(runs):
            schedule.run(one, one.label, "steps", alone=True)
            if one.failure is not None:
                failures[one.label] = one.failure
    return failures


def answers(runs: StudyRuns) -> list[OneAnswer]:
    """Timing of every row that is trained, and the attention of one."""
    directory, file = runs.directory, runs.study.file
    first = {name: runs.runs_of(Variant(name))[0] for name in runs.names}
    trained = {name: run for name, run in first.items() if run.result is not None}
    found = []
    if trained:
        paths = [str(run.path) for run in trained.values()]
        request = {"do": "time", "runs": paths, "options": file.timing.model_dump()}
        found.append(OneAnswer(request, "timing inference", directory.timing))
    if file.attention in trained:
        request = {"do": "attention", "run": str(trained[file.attention].path)}
        found.append(OneAnswer(request, "averaging attention", directory.attention))
    return found
