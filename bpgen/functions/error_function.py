"""The error function and the normal distribution, which numpy does not have, as source text for
emitted modules.

erf(z) / z is interpolated in z**2 for |z| <= 1, and (1 + 2 z) exp(z**2) erfc(z) in
(z - 4) / (z + 4) for z >= 1/2, each at the Chebyshev nodes; a test computes the coefficients again.
Every formula holds for complex z with a small imaginary part too, as the complex step needs.
"""

from __future__ import annotations

NEAR = (
    -7.795898827002142e-10,
    1.3720064546777686e-08,
    -1.6208483801871705e-07,
    1.6447424703317362e-06,
    -1.492473690741966e-05,
    0.00012055294904839707,
    -0.0008548325975389692,
    0.0052239776071164225,
    -0.02686617064323777,
    0.11283791670945006,
    -0.37612638903183543,
    1.1283791670955126,
)
FAR = (
    -1.0476718674668371e-08,
    -1.2224048303152388e-08,
    1.0568025135820959e-07,
    6.702452833728971e-08,
    -8.22559563206072e-07,
    2.9955790685567077e-07,
    5.7086428044048145e-06,
    -1.12247322473501e-05,
    -2.4398983809134553e-05,
    0.00015062249512264785,
    -0.00019925671345040716,
    -0.0007577734486762808,
    0.0050319699756138135,
    -0.01619773403826592,
    0.03716751553818893,
    -0.06633036581360713,
    0.09373283499828751,
    -0.10103906603625375,
    0.0680970542546948,
    0.015379652102619027,
    -0.13962111684056253,
    1.2329951186255526,
)


def _lines(numbers: tuple[float, ...]) -> str:
    return "\n".join(f"        {n!r}," for n in numbers)


ERF = '''
def erf(z: np.ndarray) -> np.ndarray:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to z."""
    m = np.maximum(z, -z)
    beyond = np.minimum(np.maximum(m, 1), 28)
    far = 1 - _bell(beyond, 1) * _scaled_erfc(beyond)
    return np.asarray(np.where(m < 1, _erf_near_0(z), np.where(z < 0, -far, far)))
'''
ERFC = '''
def erfc(z: np.ndarray) -> np.ndarray:
    """1 - erf(z), to full relative precision where it is small."""
    m = np.maximum(z, -z)
    beyond = np.minimum(np.maximum(m, 0.5), 28)
    far = _bell(beyond, 1) * _scaled_erfc(beyond)
    return np.asarray(np.where(m < 0.5, 1 - _erf_near_0(z), np.where(z < 0, 2 - far, far)))
'''
LOG_ERFC = '''
def log_erfc(z: np.ndarray) -> np.ndarray:
    """log(erfc(z)), to full relative precision."""
    m = np.maximum(z, -z)
    short, long = np.minimum(np.maximum(m, 0.5), 28), np.maximum(z, 28)
    scaled = _scaled_erfc(short)
    beyond = np.log(0.5641895835477563 / long * _erfc_series(long)) - long * long
    far = np.where(z > 28, beyond, np.log(scaled) - short * short)
    near = np.log1p(-_erf_near_0(np.minimum(np.maximum(z, -0.5), 0.5)))
    below = np.log(2 - _bell(short, 1) * scaled)
    return np.asarray(np.where(z > 0.5, far, np.where(z < -0.5, below, near)))
'''
ERFC_HAZARD = '''
def erfc_hazard(z: np.ndarray) -> np.ndarray:
    """2 exp(-z**2) / (sqrt(pi) erfc(z)), which is nearly 2 z where that is large."""
    m = np.maximum(z, -z)
    short, long = np.minimum(np.maximum(m, 0.5), 28), np.maximum(z, 28)
    scaled, small = _scaled_erfc(short), np.minimum(np.maximum(z, -0.5), 0.5)
    far = np.where(z > 28, 2 * long / _erfc_series(long), 1.1283791670955126 / scaled)
    e = _bell(np.where(m < 0.5, small, short), 1)
    over = np.where(m < 0.5, 1 - _erf_near_0(small), 2 - e * scaled)
    return np.asarray(np.where(z >= 0.5, far, 1.1283791670955126 * e / over))
'''
NORMAL_CDF = '''
def normal_cdf(z: np.ndarray) -> np.ndarray:
    """erfc(-z / sqrt(2)) / 2, to full relative precision where it is small."""
    m = np.maximum(z, -z)
    beyond = np.minimum(np.maximum(m, 0.71), 40)
    far = _bell(beyond, 0.5) * _scaled_erfc(0.7071067811865476 * beyond) / 2
    near = (1 + _erf_near_0(0.7071067811865476 * z)) / 2
    return np.asarray(np.where(m < 0.71, near, np.where(z < 0, far, 1 - far)))
'''
BELL = '''
def bell(z: np.ndarray, rate: float) -> np.ndarray:
    """exp(-rate * z**2) for a rate of 1 or 1 / 2; no square overflows."""
    return np.asarray(_bell(np.minimum(np.maximum(z, -z), 28 * rate**-0.5), rate))
'''
NORMAL_PDF = '''
def normal_pdf(z: np.ndarray) -> np.ndarray:
    """exp(-z**2 / 2) / sqrt(2 pi); no square overflows."""
    m = np.minimum(np.maximum(z, -z), 40)
    return np.asarray(0.3989422804014327 * _bell(m, 0.5))
'''
# What the functions above call, and what that calls.
SHARED = {
    "_erfc_series": '''
def _erfc_series(z: np.ndarray) -> np.ndarray:
    """sqrt(pi) * z * exp(z**2) * erfc(z) for z >= 28, by its asymptotic series."""
    half = 1 / z / z / 2
    series = 1 - 11 * half
    for odd in (9, 7, 5, 3, 1):
        series = 1 - odd * half * series
    return series
''',
    "_erf_near_0": f'''
def _erf_near_0(z: np.ndarray) -> np.ndarray:
    """erf(z) for -1 <= z <= 1."""
    z = np.minimum(np.maximum(z, -1), 1)
    coefficients = (
{_lines(NEAR)}
    )
    return z * _polynomial(coefficients, z * z)
''',
    "_scaled_erfc": f'''
def _scaled_erfc(z: np.ndarray) -> np.ndarray:
    """exp(z**2) * erfc(z) for 0.5 <= z <= 28."""
    coefficients = (
{_lines(FAR)}
    )
    return _polynomial(coefficients, (z - 4) / (z + 4)) / (1 + 2 * z)
''',
    "_bell": '''
def _bell(z: np.ndarray, rate: float) -> np.ndarray:
    """exp(-rate * z**2) for a rate of 1 or 1 / 2; z is split so that no rounding of its square
    counts.
    """
    steps = 2.0 ** (np.finfo(z.dtype).nmant // 2 - 6)
    near = np.rint(np.real(z) * steps) / steps
    e = np.exp(-rate * near * near)
    return e + e * np.expm1(rate * (near - z) * (near + z))
''',
    "_polynomial": '''
def _polynomial(coefficients: tuple[float, ...], z: np.ndarray) -> np.ndarray:
    """The polynomial with these coefficients, that of the highest power first."""
    total = np.full_like(z, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * z + coefficient
    return total
''',
}
