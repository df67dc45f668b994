/* CRC-32 as zip archives have it, as fast as the processor can: folded by carry-less products
 * where it has them (V. Gopal and others, "Fast CRC Computation for Generic Polynomials Using
 * PCLMULQDQ Instruction", Intel, 2009), from a table elsewhere. */
#include "limit.h"

static uint32_t table[256];

static void fill(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
        table[byte] = value;
    }
}

static uint32_t plain(uint32_t state, const unsigned char *p, size_t len)
{
    if (!table[1])
        fill();
    while (len--)
        state = state >> 8 ^ table[(state ^ *p++) & 255];
    return state;
}

#ifdef __x86_64__
#include <immintrin.h>

#define FOLDING __attribute__((target("pclmul,sse4.1")))

/* What is 128 or 512 bits further on, as `by` says, and the bytes that stand there. */
FOLDING static __m128i fold(__m128i x, __m128i by, __m128i there)
{
    __m128i low = _mm_clmulepi64_si128(x, by, 0x00);
    __m128i high = _mm_clmulepi64_si128(x, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), there);
}

FOLDING static __m128i at(const unsigned char *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

FOLDING static uint32_t folded(uint32_t state, const unsigned char *p, size_t len)
{
    const __m128i four = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i one = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    __m128i x[4];
    unsigned char left[16];
    for (int i = 0; i < 4; i++)
        x[i] = at(p + 16 * i);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)state));
    for (p += 64, len -= 64; len >= 64; p += 64, len -= 64)
        for (int i = 0; i < 4; i++)
            x[i] = fold(x[i], four, at(p + 16 * i));
    for (int i = 1; i < 4; i++)
        x[0] = fold(x[0], one, x[i]);
    for (; len >= 16; p += 16, len -= 16)
        x[0] = fold(x[0], one, at(p));
    _mm_storeu_si128((__m128i *)left, x[0]);
    return plain(plain(0, left, 16), p, len);
}
#endif

/* Of what `crc` is of, and then of these bytes. */
uint32_t crc32_of(uint32_t crc, const char *p, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)p;
#ifdef __x86_64__
    if (len >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
        return ~folded(~crc, bytes, len);
#endif
    return ~plain(~crc, bytes, len);
}
