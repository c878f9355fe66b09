"""The scalar functions that numpy does not have, as source text for emitted modules; those about
the error function have a file of their own.

Every formula holds for complex z with a small imaginary part too, as the complex step needs.
"""

from __future__ import annotations

SIGMOID = '''
def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)); only exp of what is not positive is taken, so nothing overflows."""
    return np.asarray(np.exp(np.minimum(z, 0)) / (1 + np.exp(np.minimum(z, -z))))
'''
SOFTPLUS = '''
def softplus(z: np.ndarray) -> np.ndarray:
    """log(1 + exp(z)); only exp of what is not positive is taken, so nothing overflows."""
    return np.asarray(np.maximum(z, 0) + np.log1p(np.exp(np.minimum(z, -z))))
'''
LOG_SOFTPLUS = '''
def log_softplus(z: np.ndarray) -> np.ndarray:
    """log(log(1 + exp(z))), below -9 by its series in exp(z)."""
    below, above = np.minimum(z, -9), np.maximum(z, -9)
    e = np.exp(np.maximum(below, -40))
    near = below - e * (0.5 - e * (5 / 24 - e / 8))
    far = np.log(np.maximum(above, 0) + np.log1p(np.exp(np.minimum(above, -above))))
    return np.asarray(np.where(z < -9, near, far))
'''
SOFTPLUS_RATE = '''
def softplus_rate(z: np.ndarray) -> np.ndarray:
    """sigmoid(z) / log(1 + exp(z)), below -9 by its series in exp(z)."""
    e, above = np.exp(np.maximum(np.minimum(z, -9), -40)), np.maximum(z, -9)
    near = 1 - e * (0.5 - e * (5 / 12 - 0.375 * e))
    f = np.exp(np.minimum(above, -above))
    slope = np.where(above < 0, f, 1) / (1 + f)
    far = slope / (np.maximum(above, 0) + np.log1p(f))
    return np.asarray(np.where(z < -9, near, far))
'''
LOG_ADD_EXP = '''
def log_add_exp(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """log(exp(y) + exp(z)); only exp of what is not positive is taken, so nothing overflows."""
    high, low = np.maximum(y, z), np.minimum(y, z)
    return np.asarray(high + np.log1p(np.exp(low - np.where(high == -np.inf, 0, high))))
'''
SHARE = '''
def share(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """exp(y) / (exp(y) + exp(z)), and 0 where y is minus infinity; nothing overflows."""
    gap = y - np.where(y == -np.inf, 0, z)
    return np.asarray(np.exp(np.minimum(gap, 0)) / (1 + np.exp(np.minimum(gap, -gap))))
'''
LOG1MEXP = '''
def log1mexp(z: np.ndarray) -> np.ndarray:
    """log(1 - exp(z)) of negative z; exact near 0, and where exp(z) is small."""
    near, far = np.maximum(z, -0.6931471805599453), np.minimum(z, -0.6931471805599453)
    return np.asarray(np.where(z < near, np.log1p(-np.exp(far)), np.log(-np.expm1(near))))
'''
LOG1MEXPEXP = '''
def log1mexpexp(z: np.ndarray) -> np.ndarray:
    """log(1 - exp(-exp(z))), below -9 by its series in exp(z); nothing overflows."""
    low, high = np.minimum(z, -9), np.minimum(np.maximum(z, -0.5), 7)
    e = np.exp(np.maximum(low, -40))
    near = np.log(-np.expm1(-np.exp(np.minimum(np.maximum(z, -9), -0.5))))
    far = np.log1p(-np.exp(-np.exp(high)))
    return np.asarray(np.where(z < -9, low - e * (0.5 - e / 24), np.where(z < -0.5, near, far)))
'''
LOG1MEXPEXP_SLOPE = '''
def log1mexpexp_slope(z: np.ndarray) -> np.ndarray:
    """exp(z) / (exp(exp(z)) - 1), below -9 by its series in exp(z); 0 beyond 7."""
    e = np.exp(np.maximum(np.minimum(z, -9), -40))
    f = np.exp(np.minimum(np.maximum(z, -9), 7))
    far = f * np.exp(-f) / -np.expm1(-f)
    return np.asarray(np.where(z < -9, 1 - e * (0.5 - e / 12), far))
'''
STEP = '''
def step(z: np.ndarray) -> np.ndarray:
    """1 where z > 0, 0 elsewhere."""
    return np.asarray((z > 0).astype(z.dtype))
'''
SECH = '''
def sech(z: np.ndarray) -> np.ndarray:
    """1 / cosh(z); only exp of what is not positive is taken, so nothing overflows."""
    e = np.exp(np.minimum(z, -z))
    return np.asarray(2 * e / (1 + e * e))
'''
LOG_COSH = '''
def log_cosh(z: np.ndarray) -> np.ndarray:
    """log(cosh(z)); exact where it is small, and nothing overflows where it is large."""
    m = np.maximum(z, -z)
    near = np.log1p(2 * np.sinh(np.minimum(m, 1) / 2) ** 2)
    far = m + np.log1p(np.exp(-2 * m)) - 0.6931471805599453
    return np.asarray(np.where(m < 1, near, far))
'''
LEAKY_RELU = '''
def leaky_relu(z: np.ndarray, slope: float) -> np.ndarray:
    """z where z > 0, slope * z elsewhere."""
    return np.asarray(np.where(z > 0, z, slope * z))
'''
LEAKY_STEP = '''
def leaky_step(z: np.ndarray, slope: float) -> np.ndarray:
    """1 where z > 0, slope elsewhere."""
    return np.asarray(np.where(z > 0, z.dtype.type(1), z.dtype.type(slope)))
'''
ELU = '''
def elu(z: np.ndarray, alpha: float) -> np.ndarray:
    """z where z > 0, alpha * (exp(z) - 1) elsewhere."""
    return np.asarray(np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))))
'''
ELU_SLOPE = '''
def elu_slope(z: np.ndarray, alpha: float) -> np.ndarray:
    """1 where z > 0, alpha * exp(z) elsewhere."""
    below = alpha * np.exp(np.minimum(z, 0))
    return np.asarray(np.where(z > 0, z.dtype.type(1), below))
'''
INSIDE = '''
def inside(z: np.ndarray, low: float, high: float) -> np.ndarray:
    """1 where low < z < high, 0 elsewhere."""
    return np.asarray(((z > low) & (z < high)).astype(z.dtype))
'''
HEAVISIDE = '''
def heaviside(z: np.ndarray) -> np.ndarray:
    """1 where z > 0, 1/2 where z is 0, 0 elsewhere."""
    return np.asarray((1 + np.sign(z)) / 2)
'''
WITHIN = '''
def within(z: np.ndarray, low: float, high: float) -> np.ndarray:
    """1 where low <= z <= high, 0 elsewhere."""
    return np.asarray(((z >= low) & (z <= high)).astype(z.dtype))
'''
HUBER = '''
def huber(z: np.ndarray, delta: float) -> np.ndarray:
    """z**2 / 2 where |z| <= delta, delta * (|z| - delta / 2) elsewhere."""
    near = np.minimum(np.maximum(z, -delta), delta)
    return np.asarray(near * (z - near / 2))
'''
HARD_SIGMOID = '''
def hard_sigmoid(z: np.ndarray) -> np.ndarray:
    """z / 6 + 1 / 2, held between 0 and 1."""
    return np.asarray(np.minimum(np.maximum(z + 3, 0), 6) / 6)
'''
XLOGX = '''
def xlogx(z: np.ndarray) -> np.ndarray:
    """z * log(z), and 0 where z is 0."""
    return np.asarray(z * np.log(np.where(z == 0, z.dtype.type(1), z)))
'''
XLOGY = '''
def xlogy(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """z * log(y), and 0 where z is 0."""
    return np.asarray(z * np.log(np.where(z == 0, z.dtype.type(1), y)))
'''
XLOG1PY = '''
def xlog1py(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """z * log(1 + y), and 0 where z is 0."""
    return np.asarray(z * np.log1p(np.where(z == 0, z.dtype.type(0), y)))
'''
ZERO_TIMES = '''
def zero_times(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """z * y, and 0 where z is 0, whatever y is."""
    return np.asarray(z * np.where(z == 0, z.dtype.type(1), y))
'''
ZERO_OVER = '''
def zero_over(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """z / y, and 0 where z is 0, whatever y is."""
    return np.asarray(z / np.where(z == 0, z.dtype.type(1), y))
'''
UNLESS_SLOPE = '''
def unless_slope(z: np.ndarray, label: np.ndarray, left_out: int) -> np.ndarray:
    """0 where the label is the one left out, 1 elsewhere."""
    return np.asarray(np.where(label == left_out, z.dtype.type(0), z.dtype.type(1)))
'''
NORMAL_CDF_TANH = '''
def normal_cdf_tanh(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-u)), where u = sqrt(8 / pi) (z + 0.044715 z**3); nothing overflows."""
    m = np.minimum(np.maximum(z, -22), 22)  # beyond, the value is 0 or 1
    u = 1.5957691216057308 * m * (1 + 0.044715 * m * m)
    return np.asarray(np.exp(np.minimum(u, 0)) / (1 + np.exp(np.minimum(u, -u))))
'''
NORMAL_PDF_TANH = '''
def normal_pdf_tanh(z: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The slope of normal_cdf_tanh at z, told in its value p; no square overflows."""
    q = 1.5957691216057308 * p * (1 - p)
    return np.asarray(q + 0.134145 * (q * z) * z)
'''
