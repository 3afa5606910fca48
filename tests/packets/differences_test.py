"""What differs from kube-proxy is told with its owner, and no explanation outlives its reason."""

from __future__ import annotations

import unittest

from packets.differences import Explanation, differences, explanations, verdicts
from packets.scene import FOLDER

OURS = """-A -t 10.96.0.1:80 -s rr
-a -t 10.96.0.1:80 -r 10.244.2.1:8080 -m -w 1
-a -t 10.96.0.1:80 -r 10.244.1.1:8080 -m -w 1
-A -t 192.168.50.11:30080 -s rr
"""
THEIRS = """-A -t 10.96.0.1:80 -s rr
-a -t 10.96.0.1:80 -r 10.244.1.1:8080 -m -w 1
-a -t 10.96.0.1:80 -r 10.244.2.1:8080 -m -w 1
-A -t 192.168.50.11:30080 -s rr -p 10800
"""
OWNER = {"10.96.0.1": "shop/web clusterIP", ":30080": "shop/web nodePort"}


class Differences(unittest.TestCase):
    def test_the_order_of_real_servers_is_none(self) -> None:
        found = differences("node1", OURS, THEIRS, OWNER)
        self.assertEqual(["node1 shop/web nodePort -t 192.168.50.11:30080: ours [-s rr]; "
                          "kube-proxy's [-s rr -p 10800]"], [str(one) for one in found])

    def test_a_server_that_one_side_lacks_differs(self) -> None:
        found = differences("node1", OURS, "", OWNER)
        self.assertEqual(["shop/web clusterIP", "shop/web nodePort"], [one.owner for one in found])
        self.assertEqual([[], []], [one.theirs for one in found])

    def test_what_nobody_explains_has_no_reason(self) -> None:
        found = differences("node1", OURS, THEIRS, OWNER)
        known = Explanation("web nodePort", "it is kept shorter")
        self.assertEqual(([(found[0], "it is kept shorter")], []), verdicts(found, [known]))
        self.assertEqual(([(found[0], "")], []), verdicts(found, []))

    def test_an_explanation_of_nothing_is_told(self) -> None:
        known = Explanation("web nodePort", "it is kept shorter")
        self.assertEqual(([], [known]), verdicts([], [known]))

    def test_an_explanation_of_what_comes_and_goes_may_explain_nothing(self) -> None:
        known = Explanation("web nodePort", "every other time", sometimes=True)
        self.assertEqual(([], []), verdicts([], [known]))

    def test_the_readme_has_every_explanation(self) -> None:
        text = (FOLDER / "README.md").read_text()
        for one in explanations():
            self.assertIn(one.because, text)


if __name__ == "__main__":
    unittest.main()
