"""Tests of the parts that compute and write without running anything."""

from __future__ import annotations

import unittest

from comparison.alternation import alternate
from comparison.case import Case, Contestant
from comparison.gemm_shapes import capped_tokens, memory_bytes, repeats
from comparison.process import Outcome, last_object
from comparison.ratio import Goal, Ratio, Term
from comparison.roofline import OPT_125M, QWEN_05B
from comparison.setting import shape
from comparison.spread import Spread, spread
from comparison.tables import case_section, number, table, with_range


def contestant(name: str, once: bool = False) -> Contestant:
    return Contestant(name, (name,), lambda record: {"step_s": record["s"]}, once)


class Ratios(unittest.TestCase):
    def test_are_taken_within_a_round(self) -> None:
        rounds = [{"a": {"s": 10.0}, "b": {"s": 1.0}}, {"a": {"s": 40.0}, "b": {"s": 8.0}}]
        value = Ratio("", Term("a", "s"), Term("b", "s")).over(rounds)
        self.assertEqual(value, Spread(median=7.5, least=5, most=10, count=2))

    def test_leave_out_rounds_without_both(self) -> None:
        rounds = [{"a": {"s": 6.0}, "b": {"s": 2.0}}, {"b": {"s": 1.0}}, {"a": {"s": 1.0}}]
        value = Ratio("", Term("a", "s", 2), Term("b", "s")).over(rounds)
        self.assertEqual(value, Spread(6, 6, 6, 1))
        self.assertIsNone(Ratio("", Term("c", "s"), Term("b", "s")).over(rounds))

    def test_goals_have_a_side(self) -> None:
        self.assertTrue(Goal("at least", 6).is_met(6))
        self.assertFalse(Goal("at least", 6).is_met(5.9))
        self.assertTrue(Goal("at most", 0.62).is_met(0.6))
        self.assertFalse(Goal("at most", 0.62).is_met(0.63))


class Alternating(unittest.TestCase):
    def run_fake(self, seconds: dict[str, float], runs: int = 3) -> tuple[list[str], object]:
        order: list[str] = []

        def measure(who: Contestant) -> Outcome:
            order.append(who.name)
            value = seconds[who.name]
            if value < 0:
                return Outcome(None, "broke", 1, 0, 0)
            return Outcome({"s": value}, None, value, 0, 0)

        names = [contestant("a"), contestant("b"), contestant("slow", once=True)]
        chosen = [c for c in names if c.name in seconds]
        return order, alternate(chosen, runs, 100, measure, lambda _: None)

    def test_order(self) -> None:
        order, _ = self.run_fake({"a": 1, "b": 2})
        self.assertEqual("".join(order), "ababab")

    def test_slow_ones_run_once_and_failures_are_not_repeated(self) -> None:
        order, _ = self.run_fake({"a": 1, "b": 101, "slow": 1})
        self.assertEqual(order, ["a", "b", "slow", "a", "a"])
        order, result = self.run_fake({"a": 1, "b": -1})
        self.assertEqual("".join(order), "abaa")
        self.assertEqual(result.absences, {"b": "broke"})

    def test_section_tells_pairs_goal_and_absence(self) -> None:
        _, result = self.run_fake({"a": 1, "b": -1, "slow": 7})
        ratio = Ratio("slow / a", Term("slow", "step_s"), Term("a", "step_s"), Goal("at least", 6))
        names = tuple(contestant(name) for name in ("a", "b", "slow"))
        text = case_section(Case("title", names, (ratio,)), result)
        self.assertIn("| slow / a | 7.00 | 1 | ≥ 6 | met |", text)
        self.assertIn("b is absent: broke.", text)
        self.assertIn("| a | 3 | 1.00 (1.00–1.00) |", text)


class Writing(unittest.TestCase):
    def test_numbers(self) -> None:
        shown = [number(value) for value in (0, 0.01234, 1.234, 12.34, 123.4, 12345)]
        self.assertEqual(shown, ["0", "0.0123", "1.23", "12.3", "123", "12345"])

    def test_ranges(self) -> None:
        self.assertEqual(with_range(spread([3, 1, 2])), "2.00 (1.00–3.00)")
        self.assertEqual(with_range(spread([2])), "2.00")
        self.assertEqual(with_range(spread([])), "–")

    def test_pipes_are_escaped(self) -> None:
        self.assertEqual(table(["a|b"], [["c"]]), "| a\\|b |\n| --- |\n| c |")

    def test_last_object_is_found_below_chatter(self) -> None:
        self.assertEqual(last_object('loading\n{"a": 1}\n{"b": 2}\n'), {"b": 2})
        self.assertEqual(last_object('{\n "a": 1\n}'), {"a": 1})
        self.assertIsNone(last_object("[1]\nnothing"))


class Sizes(unittest.TestCase):
    def test_shape(self) -> None:
        self.assertEqual(shape("16x64"), (16, 64))
        for fault in ("16", "x64", "0x4", "ax4", "4x-1"):
            self.assertRaises(ValueError, shape, fault)

    def test_products_stay_within_memory(self) -> None:
        self.assertEqual(capped_tokens(4096, 768, 768), 4096)
        m = capped_tokens(9000, 896, 151936)
        self.assertLessEqual(memory_bytes(m, 896, 151936), 4 * 2**30)
        self.assertGreater(memory_bytes(m + 64, 896, 151936), 4 * 2**30)

    def test_repeats(self) -> None:
        self.assertEqual(repeats(64, 64, 64, 1, 100), 100)
        self.assertEqual(repeats(4096, 896, 151936, 1, 100), 3)

    def test_operations(self) -> None:
        self.assertEqual(OPT_125M.linear() + OPT_125M.head(), 84_934_656 + 38_608_896)
        self.assertEqual(QWEN_05B.block, 14_909_440)
        # Two tokens see one and two keys: three scores and mixtures a channel and layer.
        self.assertEqual(OPT_125M.attention(2) * 2, 12 * 2 * 768 * 3)


if __name__ == "__main__":
    unittest.main()
