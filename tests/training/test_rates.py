import pytest

from tay_middleware.training.rates import depth_of, layer_rates, slope


def test_each_layer_learns_at_a_share_of_the_rate_of_the_one_above() -> None:
    assert layer_rates(3, 0.8, 0.5) == (0.8, 0.4, 0.2, 0.1)
    assert layer_rates(0, 0.8, 0.5) == (0.8,)


@pytest.mark.parametrize(
    ("parameter", "depth"),
    [
        ("layers.5.query.weight", 0),
        ("layers.5.norm_out.bias", 0),
        ("layers.4.query.weight", 1),
        ("layers.0.narrowed.bias", 5),
        ("norm.weight", 6),
        ("segments.weight", 6),
    ],
)
def test_the_uppermost_layer_learns_fastest(parameter: str, depth: int) -> None:
    assert depth_of(parameter, 6) == depth


@pytest.mark.parametrize(
    "parameter", ["words.weight", "positions.weight", "layers.6.query.weight", "layers.weight", ""]
)
def test_a_part_without_a_rate_is_an_error_and_not_left_out(parameter: str) -> None:
    with pytest.raises(ValueError, match="has a rate"):
        depth_of(parameter, 6)


def test_rates_rise_over_the_warm_up_and_then_fall() -> None:
    shares = [slope(step, 20, 0.2) for step in range(21)]
    assert shares[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert shares[4:] == sorted(shares[4:], reverse=True)
    assert (shares[12], shares[20]) == (0.5, 0.0)


def test_the_shortest_run_learns_something() -> None:
    assert slope(0, 1, 0.1) == 1.0
