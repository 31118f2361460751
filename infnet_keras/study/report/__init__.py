"""A study's report, as Markdown and as one page of HTML."""

from infnet_keras.study.report.write_report import write_report

__all__ = ["write_report"]
