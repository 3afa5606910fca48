"""The linter of /metrics says what promtool 2.42 said of the same lines, when both were asked."""

from __future__ import annotations

import unittest

from e2e.metrics_lint import lint


def gauge(name: str, labels: str = "") -> str:
    return f"# HELP {name} x\n# TYPE {name} gauge\n{name}{labels} 1\n"


class MetricsLint(unittest.TestCase):
    def test_what_is_well_is_not_mentioned(self) -> None:
        self.assertEqual(lint(
            "# HELP a_total x\n# TYPE a_total counter\n" 'a_total{b="c"} 1\na_total{b="d"} 1e+09\n'
            "# HELP h_seconds x\n# TYPE h_seconds histogram\n"
            'h_seconds_bucket{le="+Inf"} 1\nh_seconds_sum 1\nh_seconds_count 1\n'), [])

    def test_each_rule_of_promtool(self) -> None:
        for text, finding in (
                ("# HELP a x\n# TYPE a counter\na 1\n",
                 'a: counter metrics should have "_total" suffix'),
                (gauge("a_total"), 'a_total: non-counter metrics should not have "_total" suffix'),
                ("# TYPE a gauge\na 1\n", "a: no help text"),
                (gauge("wait_milliseconds"),
                 'wait_milliseconds: use base unit "seconds" instead of "milliseconds"'),
                (gauge("wait_minutes"),
                 'wait_minutes: use base unit "seconds" instead of "minutes"'),
                (gauge("size_kilobytes"),
                 'size_kilobytes: use base unit "bytes" instead of "kilobytes"'),
                (gauge("my_gauge_value"),
                 "my_gauge_value: metric name should not include type 'gauge'"),
                (gauge("a_count"),
                 'a_count: non-histogram and non-summary metrics should not have "_count" suffix'),
                (gauge("a_sum"),
                 'a_sum: non-histogram and non-summary metrics should not have "_sum" suffix'),
                (gauge("a_bucket"),
                 'a_bucket: non-histogram metrics should not have "_bucket" suffix'),
                (gauge("a", '{le="1"}'), 'a: non-histogram metrics should not have "le" label'),
                (gauge("a", '{quantile="1"}'),
                 'a: non-summary metrics should not have "quantile" label'),
                (gauge("job:a"), "job:a: metric names should not contain ':'"),
                (gauge("aB"), "aB: metric names should be written in 'snake_case' not 'camelCase'"),
                (gauge("a", '{bC="1"}'),
                 "a: label names should be written in 'snake_case' not 'camelCase'"),
                (gauge("delay_ms"),
                 "delay_ms: metric names should not contain abbreviated units")):
            with self.subTest(finding):
                self.assertEqual(lint(text), [finding])

    def test_a_prefix_that_is_a_type_is_none_to_promtool(self) -> None:
        self.assertEqual(lint(gauge("gauge_of_rain")), [])

    def test_what_its_parser_refuses(self) -> None:
        for text, words in (
                (gauge("a") + "a 2\n", "was collected before"),
                (gauge("a") + gauge("b") + "a{x=\"1\"} 1\n", "do not stand together"),
                (gauge("a") + "# TYPE a gauge\n", "twice, or after its samples"),
                ("# HELP a x\n# TYPE a thing\na 1\n", "unknown type"),
                (gauge("a", "{x=1}"), "is no sample"),
                (gauge("a", '{x="1",x="2"}'), "a label twice"),
                ("# HELP a x\n# TYPE a gauge\na one\n", "is no number"),
                ("# HELP a x\n# TYPE a gauge\na 1", "no line end")):
            with self.subTest(words):
                found = lint(text)
                self.assertTrue(any(words in finding for finding in found), found)


if __name__ == "__main__":
    unittest.main()
