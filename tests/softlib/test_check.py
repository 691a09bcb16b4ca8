"""softlib.check: a claim that is false must not pass, and what is printed must be stable."""

import numpy as np
import pytest
import sympy
from mpmath import mp

from softlib import check


def test_agree_prints_the_promise_and_not_the_noise(capsys):
    check.agree("a third", division=1 / 3, decimal=0.3333333333333333, within=1e-12)
    assert capsys.readouterr().out == "✓ a third: division and decimal agree within 1e-12\n"


def test_agree_compares_every_pair_of_routes():
    with pytest.raises(check.CheckFailed, match="second and third differ"):
        check.agree("three", first=1.0, second=0.9, third=1.1, within=0.15)


def test_agree_takes_numpy_sympy_and_mpmath():
    routes = {
        "numpy": np.exp([0.0, 1.0]),
        "sympy": [sympy.exp(0), sympy.E],
        "mpmath": [mp.exp(0), mp.e],
    }
    check.agree("exponentials", within=1e-15, **routes)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1.1])
def test_agree_rejects_what_differs(bad):
    with pytest.raises(check.CheckFailed):
        check.agree("one", a=[1.0, 1.0], b=[1.0, bad], within=1e-3)


def test_agree_counts_equal_infinities_as_equal_and_nan_as_unequal():
    check.agree("limits", a=[np.inf, -np.inf], b=[np.inf, -np.inf], within=1e-15)
    with pytest.raises(check.CheckFailed):
        check.agree("nan", a=np.nan, b=np.nan, within=1.0)


def test_agree_relative_sees_a_wrong_tiny_number():
    check.agree("absolutely small", a=1e-20, b=2e-20, within=1e-15)
    with pytest.raises(check.CheckFailed):
        check.agree("relatively large", a=1e-20, b=2e-20, within=1e-15, relative=True)


def test_agree_needs_two_routes_and_something_to_compare():
    with pytest.raises(ValueError, match="routes"):
        check.agree("alone", only=1.0, within=1.0)
    with pytest.raises(ValueError, match="nothing"):
        check.agree("empty", a=[], b=[], within=1.0)


def test_digits_accepts_exactly_the_rounded_value(capsys):
    check.digits("pi", np.pi, "3.14159")
    assert capsys.readouterr().out == "✓ pi = 3.14159\n"
    for wrong in ("3.14158", "3.14160", "3.1416e1", "-3.14159"):
        with pytest.raises(check.CheckFailed, match="computed 3"):
            check.digits("pi", np.pi, wrong)


def test_digits_allows_half_a_unit_of_the_last_place():
    check.digits("just inside", [0.8449, 0.8451], "0.84 0.85")
    for value, printed in ((0.8451, "0.84"), (0.8449, "0.85")):
        with pytest.raises(check.CheckFailed):
            check.digits("just outside", value, printed)


def test_a_relative_difference_is_measured_by_the_larger_number():
    check.agree("a half", a=1.0, b=2.0, within=0.5, relative=True)
    with pytest.raises(check.CheckFailed):
        check.agree("a half", a=1.0, b=2.0, within=0.49, relative=True)


def test_digits_reads_exponents_and_counts_numbers():
    check.digits("small", [2.0611e-9, 1.0], "2.061e-9 1")
    with pytest.raises(check.CheckFailed):
        check.digits("small", 2.0611e-9, "2.062e-9")
    with pytest.raises(ValueError, match="2 numbers for 1 values"):
        check.digits("count", 1.0, "1 2")
    with pytest.raises(check.CheckFailed):
        check.digits("nan", np.nan, "0.5")


def test_refutes_shows_both_and_rejects_a_right_number(capsys):
    check.refutes("pi", np.pi, "3.15")
    assert capsys.readouterr().out == "✗ pi: printed 3.15, computed 3.14\n"
    with pytest.raises(check.CheckFailed, match="is right"):
        check.refutes("pi", np.pi, "3.14")


def test_at_most(capsys):
    check.at_most("scalars", 1, 2)
    check.at_most("arrays", [1, 2], [1, 3])
    check.at_most("rounding", 1 + 1e-16, 1, slack=1e-15)
    assert "1 ≤ 2" in capsys.readouterr().out
    for smaller, larger in [(2, 1), ([1, np.nan], 2), ([0, 3], [1, 2]), ([], [])]:
        with pytest.raises(check.CheckFailed):
            check.at_most("wrong", smaller, larger)


def test_holds():
    check.holds("true", True)
    check.holds("all", np.ones(3, dtype=bool))
    for false in (False, [True, False], np.zeros(0, dtype=bool)):
        with pytest.raises(check.CheckFailed):
            check.holds("wrong", false)
    with pytest.raises(TypeError, match="condition"):
        check.holds("a number is no statement", 1)


def test_identity():
    x = sympy.symbols("x", real=True)
    check.identity("tanh", sympy.tanh(x), 1 - 2 / (sympy.exp(2 * x) + 1))
    with pytest.raises(check.CheckFailed, match="left with"):
        check.identity("wrong", sympy.tanh(x), 1 - 2 / (sympy.exp(x) + 1))


def test_raises():
    check.raises("division", ZeroDivisionError, lambda: 1 // 0)
    with pytest.raises(check.CheckFailed, match="no ValueError"):
        check.raises("nothing happens", ValueError, lambda: None)
    with pytest.raises(ZeroDivisionError):
        check.raises("another error", ValueError, lambda: 1 // 0)


@pytest.mark.parametrize(
    "odd",
    [np.complex128(1 + 5j), [np.complex64(1)], np.array([1j]), "1.0", [None], np.ma.array([1.0])],
    ids=repr,
)
def test_what_is_no_real_number_is_refused(odd):
    with pytest.raises(TypeError):
        check.agree("odd", a=odd, b=1.0, within=1.0)
    with pytest.raises(TypeError):
        check.at_most("odd", odd, 2.0)
    with pytest.raises(TypeError):
        check.digits("odd", odd, "1.0")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_misprint_is_not_proved_by_what_is_not_finite(bad):
    with pytest.raises(check.CheckFailed, match="not finite"):
        check.refutes("bad", bad, "3.16")
    with pytest.raises(check.CheckFailed, match="not finite"):
        check.refutes("one of two", [bad, 1.0], "3.16 2.0")


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match=r"^my route: cannot compare '1.0'"):
        check.agree("text", my_route="1.0", other=1.0, within=1.0)
    with pytest.raises(TypeError, match=r"^larger: "):
        check.at_most("text", 1.0, "2.0")
    with pytest.raises(ValueError, match=r"first of shape \(2,\) and second of shape \(3,\)"):
        check.agree("shapes", first=[1, 2], second=[1, 2, 3], within=1.0)
    with pytest.raises(ValueError, match=r"smaller of shape \(2,\) and larger of shape \(3,\)"):
        check.at_most("shapes", [1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"^printed: inf"):
        check.digits("no digits", 1.0, "inf")


def test_digits_of_nothing_are_no_claim():
    with pytest.raises(ValueError, match="nothing"):
        check.digits("nothing", [], "")
