"""Arithmetic modulo a large prime, in which the exact check decides what is equal.

Two rational functions that agree at random residues are the same one, but for a chance of at most
their degree over the size of the field (Schwartz and Zippel). The primes are chosen so that roots
are unique: of p - 1 half is free of factors below 4096, so that among the squares every root is
there once, and 2, 3, 5, ... 19 are squares, as they are of real numbers. Of p + 1, the order of the
circle, angles leave such factors out.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from random import Random

PRIMES = (
    0x9E2FEB89414C343C1027C4D1C386BBC4CD613E30D8F16ADF91B7584A2267156F,
    0xCD447E35B8B6D8FE442E3D437204E52DB2221A58008A05A6C4647159C324C985_9B810E766EC9D28663CA828DD5F4B3B2E4B06CE60741C7A87CE42C8218072E8C_35BF992DC9E9C616612E7696A6CECC1B78E510617311D8A3C2CE6F447ED4D57B_1E2FEB89414C343C1027C4D1C386BBC4CD613E30D8F16ADF91B7584A227075F7,
    0x56A1998691FEBC55326A3930A7AA643301A94D6FA6BA3113CB6142C06C748296_BC35239A0551DDC5FC7DA625BD75CB27AB5CA32AA0E64E070E263BA21E5EE0E3_E4828CF9B4C2428D1F2EFA1720E1C15B960754E095F532F50107766CF3350259_C77DD40874FB327126AC12A2AD595AEA193DF4D324289E8DA97A6EB4A5CD59C3_2C516FA326080BF8F2396727D883B341AB4B711B1BD061A726E4F21B7E0A1936_28FA2AEE519CD1D24F7CBDD04F2AD418B9A02153FAA8FDBAAEEB9A9CE72B8A6D_AFF873968060CA31EA903D11DCB40F94A990EC48FA06FCEA647DACB46EFF6998_3BB7E498BFA30CA79DD6F9310E3D5ABEBAAEB1E901E69F1DCBB33A84A71970A1_DED98204BDFE62C6C9ACFFF43F93F51248C5F16C12A6B6E3CE95CB74E5A50E01_D2E81D7CF1475FCDE99A195624FF17C38D67DF06FE0A249464191CD05CBC5607,
)
SURE = 64  # 2 ** -64 is the chance of an error that is left in what counts as proved
ROOTS = 4096  # denominators of powers stay below: their roots are unique

Circle = tuple[int, int]  # a cosine and a sine


class Singular(ArithmeticError):
    """A division by zero: of a scalar that is zero wherever it is taken."""


class Field:
    """Residues modulo one of the primes, and random ones."""

    def __init__(self, prime: int, rng: Random) -> None:
        self.prime, self.rng = prime, rng
        self.squares = (prime - 1) // 2  # how many there are: an odd number
        self.small, self.turns = _parted(prime + 1)  # the order of the circle

    @property
    def deepest(self) -> int:
        """The largest degree of what is surely decided here."""
        return min(self.squares, self.turns) >> SURE

    def random(self) -> int:
        """Any residue but 0."""
        return self.rng.randrange(1, self.prime)

    def square(self) -> int:
        """Any square: what an exponential is, of which every root is asked for."""
        return pow(self.random(), 2, self.prime)

    def inverse(self, residue: int) -> int:
        if not residue:
            raise Singular("a division by zero")
        return pow(residue, -1, self.prime)

    def rational(self, number: Fraction) -> int:
        if number.denominator == 1:
            return number.numerator % self.prime
        return number.numerator * pow(number.denominator, -1, self.prime) % self.prime

    def is_square(self, residue: int) -> bool:
        return pow(residue, self.squares, self.prime) == 1

    def power(self, square: int, exponent: Fraction) -> int:
        """A rational power of a square, within the squares."""
        return pow(square, _modulo(exponent, self.squares), self.prime)

    def turned(self, one: Circle, other: Circle) -> Circle:
        """The cosine and the sine of a sum of two angles."""
        (c, s), (d, t), p = one, other, self.prime
        return (c * d - s * t) % p, (s * d + c * t) % p

    def angle(self) -> Circle:
        """A random point of the circle, of which every fraction is there once."""
        t = self.random()
        over = self.inverse(1 + t * t)
        return self.multiple(((1 - t * t) * over % self.prime, 2 * t * over % self.prime), None)

    def multiple(self, angle: Circle, factor: Fraction | None) -> Circle:
        """A rational multiple of an angle; without a factor the one after which there are roots."""
        times = self.small if factor is None else _modulo(factor, self.turns)
        found = (1, 0)
        while times:
            found = self.turned(found, angle) if times & 1 else found
            angle, times = self.turned(angle, angle), times >> 1
        return found


@cache
def _parted(order: int) -> tuple[int, int]:
    """What of an order is made of factors below those of roots, and the rest."""
    rest = order
    for factor in range(2, ROOTS):
        while rest % factor == 0:
            rest //= factor
    return order // rest, rest


def _modulo(exponent: Fraction, order: int) -> int:
    """An exponent among elements of this order; negative ones and fractions are there too."""
    if exponent.denominator == 1:
        return exponent.numerator % order
    return exponent.numerator * pow(exponent.denominator, -1, order) % order
