"""The case of `replay.py`: rounds applied from a journal."""

from __future__ import annotations

from . import zorba
from .alternation import Alternation
from .case import Case, Contestant
from .peers import Effort, Peers
from .ratio import Ratio, Term
from .setting import Setting
from .spread import spread
from .tables import number, table, with_range


def case(ours: str, peers: Peers, setting: Setting, rounds: int, *, with_peer: bool) -> Case:
    """`rounds` rounds of ours beside the update of a PyTorch MeZO step, which replays one round."""
    contestants: list[Contestant] = [
        zorba.replay(ours, "zorba", setting, str(peers.model(setting)), rounds)
    ]
    ratios: tuple[Ratio, ...] = ()
    if with_peer:
        effort = Effort(steps=2, warmup=1, budget=60)
        contestants.append(
            peers.contestant("mezo", setting, effort, name="mezo", dtype=setting.dtype, once=False)
        )
        above, below = Term("mezo", "update_s"), Term("zorba", "round_s")
        ratios = (Ratio("mezo update / replayed round", above, below),)
    title = f"{setting}, {setting.perturbation}: replay of {rounds} rounds"
    return Case(title, tuple(contestants), ratios)


def extrapolation(result: Alternation, measured: int, wanted: int) -> str:
    """Seconds for `wanted` rounds: every round does the same work, so they scale with rounds."""
    rows = []
    for name, key in (("zorba", "round_s"), ("mezo", "update_s")):
        value = spread(r[name][key] for r in result.rounds if name in r)
        if value is not None:
            rows.append([name, with_range(value), number(value.median * wanted)])
    how = (
        "measured" if measured == wanted else f"extrapolated from {measured} for zorba, 1 for mezo"
    )
    return table(["what", "s a round", f"s for {wanted} rounds ({how})"], rows)
