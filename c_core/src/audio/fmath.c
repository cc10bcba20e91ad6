#include "audio/fmath.h"

#include <stdint.h>
#include <string.h>

static const double LN2 = 0.69314718055994530942;
static const double PI = 3.14159265358979323846;

/* x = m * 2^e with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh((m - 1) / (m + 1)), a series in at
 * most 0.1716. */
double bei_fmath_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & 0x000fffffffffffffu) | 0x3ff0000000000000u;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.41421356237309504880) {
        m *= 0.5;
        exponent++;
    }
    double s = (m - 1.0) / (m + 1.0);
    double s2 = s * s;
    double sum = 0.0;
    for (int k = 21; k >= 3; k -= 2)
        sum = (sum + 1.0 / k) * s2;
    return exponent * LN2 + 2.0 * (s + s * sum);
}

/* x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its series. */
double bei_fmath_exp(double x)
{
    int n = (int)(x / LN2 + (x < 0 ? -0.5 : 0.5));
    double r = x - n * LN2;
    double sum = 1.0;
    for (int k = 16; k >= 1; k--)
        sum = 1.0 + sum * r / k;
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return sum * scale;
}

/* Cosine and sine of an angle in [0, pi / 4]. */
static void octant(double a, double *cosine, double *sine)
{
    double a2 = a * a;
    double c = 1.0;
    double s = 1.0;
    for (int k = 20; k >= 2; k -= 2) {
        c = 1.0 - c * a2 / (k * (k - 1));
        s = 1.0 - s * a2 / (k * (k + 1));
    }
    *cosine = c;
    *sine = s * a;
}

void bei_fmath_turn(unsigned k, unsigned n, double *cosine, double *sine)
{
    /* Eighths of the turn: the angle within one, mirrored in the odd ones, stays in [0, pi / 4],
     * where the series are short and exact multiples of an eighth come out exact. */
    uint64_t eighths = (uint64_t)k * 8u;
    unsigned which = (unsigned)(eighths / n);
    uint64_t rest = eighths % n;
    if (which & 1u)
        rest = n - rest;
    double c;
    double s;
    octant(PI / 4.0 * (double)rest / n, &c, &s);
    if (which == 1 || which == 2 || which == 5 || which == 6) {
        double swap = c;
        c = s;
        s = swap;
    }
    *cosine = which >= 2 && which <= 5 ? -c : c;
    *sine = which >= 4 ? -s : s;
}
