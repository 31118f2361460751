"""A compiled pipeline.yaml, run step by step as Kubeflow runs it, without a cluster."""

import json
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from small_pipeline import environment

Artifact = dict[str, Any]


class CompiledPipeline:
    """Runs each executor's own container command with its executor input, in a process.

    Args:
        compiled: the content of pipeline.yaml.
        parameters: of the run.
        root: where artifacts and logs go.

    Attributes:
        outputs: step -> output -> its artifact, after the run.
    """

    def __init__(self, compiled: dict[str, Any], parameters: dict[str, Any], root: Path):
        declared = compiled["root"]["inputDefinitions"]["parameters"]
        assert set(parameters) <= set(declared)
        defaults = {n: d["defaultValue"] for n, d in declared.items() if "defaultValue" in d}
        self._parameters = {**defaults, **parameters}
        assert set(self._parameters) == set(declared)
        self._compiled, self._root = compiled, root
        self.outputs: dict[str, dict[str, Artifact]] = {}

    def run(self, at_once: int = 2) -> None:
        """Run every step after those that it depends on."""
        waiting = dict(self._compiled["root"]["dag"]["tasks"])
        running: dict[Future[None], str] = {}
        with ThreadPoolExecutor(at_once) as pool:
            while waiting or running:
                for step, task in list(waiting.items()):
                    if all(s in self.outputs for s in task.get("dependentTasks", [])):
                        running[pool.submit(self._run_step, step, waiting.pop(step))] = step
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[future]
                    future.result()

    def _run_step(self, step: str, task: dict[str, Any]) -> None:
        component = self._compiled["components"][task["componentRef"]["name"]]
        container = self._compiled["deploymentSpec"]["executors"][component["executorLabel"]][
            "container"
        ]
        directory = self._root / step
        directory.mkdir(parents=True)
        outputs = {
            name: {
                "name": f"{step}.{name}",
                "uri": str(directory / name),
                "type": definition["artifactType"],
                "metadata": {},
            }
            for name, definition in component["outputDefinitions"]["artifacts"].items()
        }
        output_file = directory / "executor_output.json"
        executor_input = {
            "inputs": {
                "artifacts": self._input_artifacts(task),
                "parameterValues": self._input_parameters(task),
            },
            "outputs": {
                "artifacts": {name: {"artifacts": [a]} for name, a in outputs.items()},
                "outputFile": str(output_file),
            },
        }
        command = [sys.executable if part == "python" else part for part in container["command"]]
        command += [
            json.dumps(executor_input) if part == "{{$}}" else part for part in container["args"]
        ]
        with (directory / "log").open("w") as log:
            code = subprocess.call(
                command, stdout=log, stderr=subprocess.STDOUT, env=environment(), cwd=directory
            )
        if code:
            raise RuntimeError(f"{step} failed: {(directory / 'log').read_text()[-3000:]}")
        written = json.loads(output_file.read_text())["artifacts"]
        # What a step writes carries no type: Kubeflow keeps the declared one.
        self.outputs[step] = {
            name: {**artifact, **written[name]["artifacts"][0], "type": artifact["type"]}
            for name, artifact in outputs.items()
        }

    def _input_artifacts(self, task: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, source in task.get("inputs", {}).get("artifacts", {}).items():
            output = source["taskOutputArtifact"]
            artifact = self.outputs[output["producerTask"]][output["outputArtifactKey"]]
            found[name] = {"artifacts": [artifact]}
        return found

    def _input_parameters(self, task: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, source in task.get("inputs", {}).get("parameters", {}).items():
            if "componentInputParameter" in source:
                found[name] = self._parameters[source["componentInputParameter"]]
            else:
                found[name] = source["runtimeValue"]["constant"]
        return found
