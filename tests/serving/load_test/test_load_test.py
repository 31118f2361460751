"""The command against the embedded server."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from load_test_servers import REPOSITORY, Served

from infnet_keras.cli import main as infnet

pytestmark = pytest.mark.backend("tensorflow")
LATENCIES = ("p50", "p95", "p99", "longest")
MODULE = [sys.executable, "-m", "serving.load_test"]


def run(*arguments: object, command: list[str] = MODULE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def read_csv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    lines = path.read_text().splitlines()
    comments = [line for line in lines if line.startswith("# ")]
    return comments, list(csv.DictReader(lines[len(comments) :]))


def test_every_load_over_both_apis(served: Served, tmp_path: Path) -> None:
    flags = ["--workloads=predict-1,predict-32,rank-5", "--rates=10,20", "--seconds=0.5"]
    table, plot = tmp_path / "loads.csv", tmp_path / "loads.png"
    where = [f"--rest={served.rest}", f"--grpc={served.grpc}", f"--model={served.model}"]
    done = run("--name=small", *where, *flags, f"--csv={table}", f"--plot={plot}")
    assert done.returncode == 0, done.stderr
    comments, loads = read_csv(table)
    assert any(comment.startswith("# tensorflow: 2.") for comment in comments)
    assert any(comment.startswith("# cores: ") for comment in comments)
    asked = [(load["api"], load["workload"], float(load["offered_per_second"])) for load in loads]
    assert asked == [
        (api, workload, rate)
        for api in ("gRPC", "REST")
        for workload in ("predict-1", "predict-32", "rank-5")
        for rate in (10.0, 20.0)
    ]
    for load in loads:
        assert load["errors"] == "0"
        assert int(load["requests"]) == round(float(load["offered_per_second"]) * 0.5)
        # Of 5 or 10 requests the 95th and 99th percentile are both the longest.
        p50, p95, p99, longest = (float(load[f"{name}_ms"]) for name in LATENCIES)
        assert 0 < p50 <= p95 == p99 == longest
        assert "predict-32" in done.stdout
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_loads_are_parts_of_the_saturation_load(served: Served, tmp_path: Path) -> None:
    table = tmp_path / "loads.csv"
    where = [f"--rest={served.rest}", "--grpc=", f"--model={served.model}", "--name=small"]
    flags = ["--workloads=rank-5", "--loads=0.1,0.2", "--seconds=0.5", "--arrivals=fixed"]
    done = run(*where, *flags, f"--csv={table}")
    assert done.returncode == 0, done.stderr
    _, loads = read_csv(table)
    most = float(loads[0]["saturation_per_second"])
    offered = [float(load["offered_per_second"]) for load in loads]
    assert offered == pytest.approx([most * 0.1, most * 0.2], rel=1e-3)


def test_what_the_server_refuses_is_counted(served: Served, tmp_path: Path) -> None:
    request, table = tmp_path / "request.json", tmp_path / "loads.csv"
    request.write_text('{"instances": [{"age": -1, "seen": [], "price": 1.0}]}')
    where = [f"--rest={served.rest}", "--grpc=", f"--request={request}", "--name=small"]
    done = run(*where, "--workloads=predict-1", "--rates=10", "--seconds=0.5", f"--csv={table}")
    assert done.returncode == 0, done.stderr
    _, loads = read_csv(table)
    assert loads[0]["errors"] == loads[0]["requests"] == "5"
    assert loads[0]["p50_ms"] == "inf"
    assert "5 HTTP 400" in done.stdout


def test_the_time_is_bounded(served: Served, tmp_path: Path) -> None:
    table = tmp_path / "loads.csv"
    where = [f"--rest={served.rest}", "--grpc=", f"--model={served.model}", "--name=small"]
    flags = ["--workloads=predict-1,rank-5", "--rates=10,11", "--seconds=0.5", "--limit=0.2"]
    done = run(*where, *flags, f"--csv={table}")
    assert done.returncode == 0, done.stderr
    assert [load["workload"] for load in read_csv(table)[1]] == ["predict-1"]
    assert "the limit of 0.2 s is over: REST rank-5 is left out" in done.stderr


def test_a_model_that_is_not_served(served: Served) -> None:
    done = run("--name=none", f"--rest={served.rest}", "--grpc=", f"--model={served.model}")
    assert done.returncode == 2
    assert "NOT_FOUND" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_directory_without_a_version(served: Served, tmp_path: Path) -> None:
    done = run("--name=small", f"--rest={served.rest}", "--grpc=", f"--model={tmp_path}")
    assert done.returncode == 2
    assert "holds no version" in done.stderr


@pytest.mark.parametrize(
    ("flag", "complaint"),
    [
        ("--workloads=predict-0", "neither predict-ROWS nor rank-CANDIDATES"),
        ("--rates=0", "not a positive number"),
        ("--arrivals=bursts", "invalid choice"),
    ],
)
def test_mistakes_in_flags(flag: str, complaint: str) -> None:
    done = run("--name=small", "--request=none.json", flag)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_infnet_benchmark_serving_runs_it() -> None:
    code = "import sys; from infnet_keras.cli import main; sys.exit(main())"
    done = run("benchmark", "serving", "--help", command=[sys.executable, "-c", code])
    assert done.returncode == 0, done.stderr
    assert "--most-in-flight" in done.stdout


def test_infnet_benchmark_names_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        infnet(["benchmark", "--help"])
    assert "serving" in capsys.readouterr().out
