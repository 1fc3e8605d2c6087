"""The difficulty settings: families of problems, from x + b = c to brackets in brackets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trm_gym.algebra._search import edges, equations, fractional, high, lengths, polynomials
from trm_gym.algebra._search.draws import Draws
from trm_gym.algebra._search.equations import Drawn
from trm_gym.task import Level


@dataclass(frozen=True)
class AlgebraLevel(Level):
    """A level whose problems ``family`` draws; ``listed`` if they are few enough to be listed one and all."""

    family: Callable[[Draws], Drawn]
    listed: bool = False


LEVELS = (
    AlgebraLevel("shift", "x+b=c: b to 50, x to 20; terms and sides in either order", equations.shift, True),
    AlgebraLevel("scale", "a*x=b: a from 2 to 50, x to 20, sides in either order", equations.scale, True),
    AlgebraLevel("linear", "a*x+b=c: a to 9, b to 50, x to 20; terms and sides in either order", equations.linear),
    AlgebraLevel("rational", "a*x+b=c with a fraction for x: a to 9, b and c to 50", equations.rational),
    AlgebraLevel("both_sides", "a*x+b=c*x+d: a and c to 9, b and d to 50, x to 20", equations.both_sides),
    AlgebraLevel("brackets", "linear, with brackets in brackets: needs depth", equations.brackets),
    AlgebraLevel("system", "two equations for x and y: coefficients to 9, x and y to 12", equations.system),
    AlgebraLevel("quadratic", "a*x^2+b*x+c=0, a to 9, with rational roots", equations.quadratic),
    AlgebraLevel("evaluate", "the value of a polynomial up to x^3, coefficients and x to 9", polynomials.evaluate),
    AlgebraLevel("collect", "like terms: 4 to 7 of them up to x^2, coefficients to 20", polynomials.collect),
    AlgebraLevel("expand", "(a*x+b)*(c*x+d), coefficients to 9", polynomials.expand),
    AlgebraLevel("expand3", "three factors, coefficients of x to 3, numbers to 9", polynomials.expand3),
    AlgebraLevel("differentiate", "a polynomial up to x^4, coefficients to 99", polynomials.differentiate),
    AlgebraLevel("factor", "k*(a*x+b)*(c*x+d) multiplied out: k, a and c to 4, b and d to 12", polynomials.factor),
    AlgebraLevel("factor3", "three factors multiplied out: a to 2, b to 9", polynomials.factor3),
    AlgebraLevel(
        "long_shift", "x+b=c of six digits: one borrow decides 4 places or more; needs depth", equations.long_shift
    ),
    AlgebraLevel(
        "lengths", "a*x+b=c*x+d, any of them missing, a and c to 99, b and d to 99,999, x to 9,999", lengths.sides
    ),
    AlgebraLevel(
        "parts", "x divided by a number, once or twice, or a sum that is: x/2+1=4, (3*x-1)/4=5", lengths.parts
    ),
    AlgebraLevel("many_terms", "3 to 6 terms on the two sides, numbers of 1 to 4 digits", lengths.many_terms),
    AlgebraLevel(
        "bracket", "k*(a*x+b) and perhaps a term = the like, or a number; numbers of 1 or 2 digits", lengths.bracket
    ),
    AlgebraLevel(
        "systems", "two equations for x and y, terms missing or on either side, x and y to 99", lengths.systems
    ),
    AlgebraLevel(
        "multiply", "k*(a*x+b), x*(a*x+b), (a*x+b)^2 or (a*x+b)*(c*x+d), coefficients to 12", lengths.multiply
    ),
    AlgebraLevel("terms", "like terms: 2 to 6 of them up to x^3, coefficients of 1 to 2 digits", lengths.terms),
    AlgebraLevel("roots", "a*x^2+b*x+c=0 as in quadratic, b or c often missing, roots to 20", lengths.roots),
    AlgebraLevel("factors", "a*x+b, a*x^2+b*x or a*x^2+b*x+c with factors, coefficients to 9", lengths.factors),
    AlgebraLevel("values", "the value of a polynomial up to x^3 at x, coefficients to 20, x to 20", lengths.values),
    AlgebraLevel(
        "ratios", "linear, of two sides, brackets, fractions or decimals, with a fraction for x", fractional.ratios
    ),
    AlgebraLevel(
        "crossings",
        "two equations for x and y, coefficients to 9; one or both are fractions",
        fractional.crossings,
    ),
    AlgebraLevel(
        "long_terms",
        "like terms, derivatives, (a*x+b)*(c*x+d); coefficients of 4 to 8 digits",
        high.long_terms,
    ),
    AlgebraLevel("powers", "like terms and derivatives of terms up to x^6", high.powers),
    AlgebraLevel(
        "high_products", "(a*x+b)^4, two quadratics, or a power of x times one: up to x^6", high.high_products
    ),
    AlgebraLevel("splits", "three or four linear factors multiplied out, x or a square among them", high.splits),
    AlgebraLevel(
        "long_ratios", "as ratios and crossings, more than 4 digits above a bar or 3 below it", edges.long_ratios
    ),
    AlgebraLevel(
        "long_values", "the value of a polynomial up to x^3 at x of up to 4 digits, or at a fraction", edges.long_values
    ),
    AlgebraLevel(
        "shares", "(a*x+b)/k, 3/2*x+5/2*x and the like, with whole coefficients; terms that cancel", edges.shares
    ),
    AlgebraLevel("contents", "k*(a*x+b), k*x*(a*x+b) or k*(x+a)*(x+b) multiplied out, k to 99", high.contents),
)
"""The levels."""

DEFAULT_LEVEL = "both_sides"
"""The name of the default level."""
