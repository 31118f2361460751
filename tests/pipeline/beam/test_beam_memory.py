"""One user with a million events: memory stays bounded."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
from beam_logs import rows_content

from infnet_keras.data.examples.manifest import ExamplesManifest
from infnet_keras.spec import dump_spec, spec_from_dict

EVENTS = 1_000_000
# Not getrusage's ru_maxrss: a child starts with its parent's, and that of a worker of the tests is
# what they have used so far.
PROGRAM = """
import sys
from pathlib import Path
from tfx_pipeline.beam.prepare import main
code = main(sys.argv[1:])
status = dict(l.split(":", 1) for l in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])
sys.exit(code)
"""


def test_one_user_with_a_million_events(tmp_path) -> None:
    random = np.random.default_rng(0)
    log = pa.table(
        {
            "user": np.full(EVENTS, 7),
            "item": random.integers(0, 50_000, EVENTS),
            "clicked": random.integers(0, 2, EVENTS),
            "time": 1_600_000_000_000 + np.sort(random.integers(0, 30 * 86_400_000, EVENTS)),
        }
    )
    (tmp_path / "raw").mkdir()
    pa.csv.write_csv(log, tmp_path / "raw" / "log_1.csv")
    content = rows_content("log")
    content["sources"]["log"] |= {"time": {"column": "time"}, "deduplicate": True}
    content["fields"]["views"] = {
        "side": "item",
        "quantiles": 10,
        "derive": {"history_count": {"sequence": "view", "by": "item", "until": "day"}},
    }
    content["sequences"]["view"]["length"] = 20
    (tmp_path / "spec.yaml").write_text(dump_spec(spec_from_dict(content)))
    arguments = [
        f"--spec={tmp_path / 'spec.yaml'}",
        f"--input={tmp_path / 'raw'}",
        f"--output={tmp_path / 'out'}",
        "--valid-from=2020-10-10",
        "--test-from=2020-10-12",
        "--format=parquet",
    ]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    kilobytes = int(done.stdout.splitlines()[-1])
    manifest = ExamplesManifest.load(tmp_path / "out")
    assert manifest.users == 1
    assert sum(manifest.impressions.values()) == manifest.counters["rows_read"] == EVENTS
    assert 100_000 < kilobytes < 2_000_000
