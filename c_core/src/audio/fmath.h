/* Elementary functions of our own: only +, -, * and / of doubles, which IEEE 754 rounds alike
 * everywhere, so that the features of the same audio are the same bits on every platform (a C
 * library's log or sin differs in the last place). Accurate to a few units in the last place of a
 * double, far below a float's. */
#ifndef BEI_AUDIO_FMATH_H
#define BEI_AUDIO_FMATH_H

/* Natural logarithm of a finite normal x > 0. */
double bei_fmath_log(double x);

/* e to the x, |x| <= 700. */
double bei_fmath_exp(double x);

/* Cosine and sine of 2 pi k / n, 0 <= k < n, n > 0. */
void bei_fmath_turn(unsigned k, unsigned n, double *cosine, double *sine);

#endif
