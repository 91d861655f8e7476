// SPDX-License-Identifier: MIT
// Functions that are C, OpenCL C and GLSL at once, so that three front ends and every
// compiler behind them have to agree. Each takes three words and gives one.
//
// Who includes this defines uint, wide (64 bits), EXACT (nothing is contracted),
// TO_UINT, TO_INT, TO_FLOAT, TO_WIDE, TO_DOUBLE (conversions), BITS_TO_FLOAT,
// FLOAT_TO_BITS, POPCOUNT, TOP_BIT (of a word that is not 0), FMA and DFMA.

// Numbers from 1 to 2, and from 1/16 to 16 of either sign: no special values, no denormals.
float near_one(uint v)
{
	return BITS_TO_FLOAT(0x3f800000u | (v & 0x7fffffu));
}

float moderate(uint v)
{
	return BITS_TO_FLOAT((v & 0x83ffffffu) + 0x3d800000u);
}

uint logic(uint a, uint b, uint c)
{
	return ((a & b) | (~a & c)) ^ (a >> 7u) ^ (b << 11u) ^ (c + (a ^ b) * 5u);
}

uint shifts(uint a, uint b, uint c)
{
	uint n = c & 31u;

	return (a << n) + (b >> n) + TO_UINT(TO_INT(a ^ b) >> TO_INT(n)) * 3u;
}

uint products(uint a, uint b, uint c)
{
	return a * b + (a & 0xffffu) * (c & 0xffffu) + (b >> 16u) * 0x1234567u - c * 7u;
}

uint signed_products(uint a, uint b, uint c)
{
	return TO_UINT(TO_INT(a) / (TO_INT(b & 0xffffu) + 1)) + TO_UINT(TO_INT(a) * -TO_INT(c));
}

uint divisions(uint a, uint b, uint c)
{
	return a / (b | 1u) + a % (c | 1u) * 3u + (a >> 3u) / 10u + b % 1000u;
}

uint high_product(uint a, uint b, uint c)
{
	return TO_UINT((TO_WIDE(a) * TO_WIDE(b) + TO_WIDE(c)) >> 32);
}

uint wide_sums(uint a, uint b, uint c)
{
	wide x = (TO_WIDE(a) << 32) + TO_WIDE(b), y = (TO_WIDE(c) << 32) + TO_WIDE(a ^ c), z;

	z = x * 3u + y - (x ^ y);
	if (x < y)
		z = z - (y - x);
	return TO_UINT(z) ^ TO_UINT(z >> 32);
}

uint bit_counts(uint a, uint b, uint c)
{
	return POPCOUNT(a) + TOP_BIT(b | 1u) * 64u + POPCOUNT(a & c) * 4096u;
}

uint extremes(uint a, uint b, uint c)
{
	uint least = a < b ? a : b, most = TO_INT(b) > TO_INT(c) ? b : c;

	return least * 3u + most + (TO_INT(a) <= TO_INT(c) && b != c ? 17u : 5u);
}

uint float_sums(uint a, uint b, uint c)
{
	EXACT float x = moderate(a) + moderate(b);
	EXACT float y = x - moderate(c);

	return FLOAT_TO_BITS(x) ^ (FLOAT_TO_BITS(y) * 3u);
}

uint float_products(uint a, uint b, uint c)
{
	EXACT float x = moderate(a) * moderate(b);
	EXACT float y = x * near_one(c);
	EXACT float z = y + near_one(a);

	return FLOAT_TO_BITS(x) ^ (FLOAT_TO_BITS(y) * 3u) ^ (FLOAT_TO_BITS(z) * 5u);
}

uint fused(uint a, uint b, uint c)
{
	EXACT float x = FMA(moderate(a), near_one(b), -moderate(c));

	return FLOAT_TO_BITS(FMA(x, 0.25, near_one(a)));
}

uint float_to_int(uint a, uint b, uint c)
{
	EXACT float x = moderate(a) * 1000.0, y = near_one(b) * 100000.0;

	return TO_UINT(TO_INT(x)) ^ (TO_UINT(y) << 9u) ^ FLOAT_TO_BITS(TO_FLOAT(c)) ^
	       FLOAT_TO_BITS(TO_FLOAT(TO_INT(a ^ b)));
}

uint float_compare(uint a, uint b, uint c)
{
	float x = moderate(a), y = moderate(b), z = moderate(c);
	uint r = 0u;

	if (x < y)
		r += 1u;
	if (y <= z && x != z)
		r += 2u;
	if (!(x > z) || y == x)
		r += 4u;
	return r + (x > 0.0 ? 8u : 0u) + FLOAT_TO_BITS(x < y ? x : y);
}

uint doubles(uint a, uint b, uint c)
{
	EXACT double x = TO_DOUBLE(a) * 0.5 + TO_DOUBLE(TO_INT(b));
	EXACT double y = DFMA(x, TO_DOUBLE(c), TO_DOUBLE(a));

	return TO_UINT(TO_INT(x * 0.25)) + (y > x ? 3u : 1u) +
	       FLOAT_TO_BITS(TO_FLOAT(y));
}

// Lanes leave at their own time.
uint loops(uint a, uint b, uint c)
{
	uint v = (a & 0xfffu) + 1u, steps = 0u, sum = 0u;

	while (v != 1u) {
		v = (v & 1u) != 0u ? 3u * v + 1u : v >> 1u;
		steps++;
		if (steps == (b & 63u) + 20u)
			break;
		if ((v & 4u) != 0u)
			continue;
		sum += v ^ c;
	}
	return sum + steps;
}

uint nested(uint a, uint b, uint c)
{
	uint r = 0u;

	for (uint i = 0u; i < (a & 15u); i++) {
		for (uint k = i; k < (b & 15u); k += 2u) {
			if (((i ^ k) & 3u) == (c & 3u))
				r = r * 31u + i;
			else if (k > 9u)
				r += k << (i & 7u);
		}
		if (r > 0xf0000000u)
			return r - i;
	}
	return r;
}

uint switches(uint a, uint b, uint c)
{
	uint r = c;

	for (uint i = 0u; i < 6u; i++) {
		switch ((a >> (4u * i)) & 7u) {
		case 0u:
			r += b;
			break;
		case 1u:
			r ^= b << 3u;
			/* fall through */
		case 2u:
			r = r * 5u + 1u;
			break;
		case 5u:
			return r - i;
		default:
			r = (r >> 1u) + i;
		}
	}
	return r;
}

uint private_array(uint a, uint b, uint c)
{
	uint t[16], r = 0u;

	for (uint i = 0u; i < 16u; i++)
		t[(i * 7u + a) & 15u] = i * b + c;
	for (uint i = 0u; i < 16u; i++)
		r = r * 3u + t[(i + (b >> 4u)) & 15u];
	return r;
}

#define FUNCTIONS(X) \
	X(0, logic) X(1, shifts) X(2, products) X(3, signed_products) X(4, divisions) \
	X(5, high_product) X(6, wide_sums) X(7, bit_counts) X(8, extremes) X(9, float_sums) \
	X(10, float_products) X(11, fused) X(12, float_to_int) X(13, float_compare) \
	X(14, doubles) X(15, loops) X(16, nested) X(17, switches) X(18, private_array)
#define NR_FUNCTIONS	19u
