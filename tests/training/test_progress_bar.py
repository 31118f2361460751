import io

from rich.console import Console

from infnet_keras.training.progress_bar import ProgressBar


def drawn(force_terminal: bool) -> str:
    """What a bar writes in the second of five epochs, with a line printed in between."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=force_terminal, width=120)
    bar = ProgressBar(console)
    bar.set_params({"steps": 8, "epochs": 5})
    bar.on_train_begin()
    for epoch in range(2):
        bar.on_epoch_begin(epoch)
        bar.on_train_batch_end(2, {"loss": 0.25 + epoch})
    console.print("evaluated")
    bar.close()
    return file.getvalue()


def test_on_a_terminal() -> None:
    text = drawn(force_terminal=True)
    assert "evaluated" in text
    for part in ("epoch 2/5", "3/8", "loss 1.2500"):
        assert part in text
    assert "\x1b[?25h" in text  # the cursor is shown again


def test_in_a_file_there_are_lines_only() -> None:
    assert drawn(force_terminal=False).split() == ["evaluated"]
