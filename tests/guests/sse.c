/* Uses the floating-point units as the OCaml runtime does: SSE2 arithmetic and conversions, x87,
 * 16-byte moves; and expects registers and control words to survive calls of the environment.
 * This is the only guest that is compiled with SSE. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

#define DEFAULT_MXCSR 0x1f80u
#define DEFAULT_FCW 0x037fu

typedef uint64_t vector __attribute__((vector_size(16)));

static bool check(const char *what, uint64_t found, uint64_t expected)
{
	if (found != expected)
		print("sse: %s is 0x%lx, not 0x%lx\n", what, found, expected);
	return found == expected;
}

static uint64_t bits(double number)
{
	uint64_t result;

	memcpy(&result, &number, sizeof(result));
	return result;
}

static bool control_words(void)
{
	uint32_t mxcsr;
	uint16_t fcw;

	__asm__ __volatile__("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(fcw));
	return check("MXCSR", mxcsr & ~0x3fu, DEFAULT_MXCSR) &&
	       check("x87 control", fcw, DEFAULT_FCW);
}

/* 1/1 + 1/2 + ... + 1/n, as every IEEE machine computes it. */
static double harmonic(volatile int n)
{
	double sum = 0;

	for (int i = 1; i <= n; i++)
		sum += 1.0 / i;
	return sum;
}

static double square_root(volatile double number)
{
	double root = number;

	__asm__ __volatile__("sqrtsd %0, %0" : "+x"(root));
	return root;
}

/* Pi of the x87, rounded to double. */
static double x87_pi(void)
{
	double pi;

	__asm__ __volatile__("fldpi\n\tfstpl %0" : "=m"(pi));
	return pi;
}

/* Fills eight registers, lets the environment work, and compares. */
static bool registers_survive(void)
{
	static const vector pattern[2] = { { 0x0123456789abcdef, 0xfedcba9876543210 },
					   { 0xa5a5a5a55a5a5a5a, 0x0f0f0f0ff0f0f0f0 } };
	vector first, last;

	__asm__ __volatile__("movdqa %0, %%xmm6\n\tmovdqa %1, %%xmm15"
			     :
			     : "m"(pattern[0]), "m"(pattern[1])
			     : "xmm6", "xmm15");
	/* The bindings are compiled without SSE: only the environment could change these. */
	solo5_console_write("sse: registers\n", 15);
	solo5_yield(0, NULL);
	__asm__ __volatile__("movdqa %%xmm6, %0\n\tmovdqa %%xmm15, %1" : "=m"(first), "=m"(last));
	return check("xmm6 low", first[0], pattern[0][0]) &&
	       check("xmm6 high", first[1], pattern[0][1]) &&
	       check("xmm15 low", last[0], pattern[1][0]) &&
	       check("xmm15 high", last[1], pattern[1][1]);
}

int solo5_app_main(const struct solo5_start_info *info)
{
	bool good;

	(void)info;
	print("sse: begins\n");
	good = control_words();
	good = check("harmonic(100)", bits(harmonic(100)), 0x4014bfdfe4591243) && good;
	good = check("sqrt(2)", bits(square_root(2.0)), 0x3ff6a09e667f3bcd) && good;
	good = check("x87 pi", bits(x87_pi()), 0x400921fb54442d18) && good;
	good = check("truncated", (uint64_t)(square_root(2.0) * 1e15), 1414213562373095) && good;
	good = registers_survive() && good;
	good = control_words() && good;
	print(good ? "SUCCESS\n" : "FAILURE\n");
	return good ? SOLO5_EXIT_SUCCESS : SOLO5_EXIT_FAILURE;
}
