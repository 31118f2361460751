"""MLflow as a tracker."""

from typing import Any

from infnet_keras.training.tracking.tracker import Tracker


class MLflowTracker(Tracker):
    """A run of MLflow: the experiment is the spec's name, `MLFLOW_TRACKING_URI` says where.

    Reference:
        https://mlflow.org/docs/latest/ml/tracking
    """

    package = "mlflow"

    def begin(self, values: dict[str, Any], run: str | None) -> str:
        from mlflow import MlflowClient

        self._client = MlflowClient()
        if run is None:
            name = self._spec.name
            found = self._client.get_experiment_by_name(name)
            experiment = (
                self._client.create_experiment(name) if found is None else found.experiment_id
            )
            run = str(self._client.create_run(experiment, run_name=self._run.name).info.run_id)
            for key, value in values.items():
                self._client.log_param(run, key, value)
        else:
            self._client.update_run(run, status="RUNNING")
        self._id = run
        return run

    def send(self, step: int, scalars: dict[str, float]) -> None:
        for tag, value in scalars.items():
            self._client.log_metric(self._id, tag, value, step=step)

    def end(self, failed: bool) -> None:
        self._client.set_terminated(self._id, status="FAILED" if failed else "FINISHED")
