/* SPDX-License-Identifier: MIT */
/*
 * check.h - what the fuzzers have in common. Each is one libFuzzer target per
 * parser (llvm.org/docs/LibFuzzer.html) that includes or links the jail's own
 * source, hands it the bytes in a buffer of exactly their size, so that
 * AddressSanitizer sees every step outside, and asserts what the parser promises.
 */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert(3) it cannot be compiled out. */
#define CHECK(promise) \
	do { \
		if (!(promise)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #promise); \
			abort(); \
		} \
	} while (0)

/* A copy without a byte to spare. */
static inline void *copy_of(const void *bytes, size_t size)
{
	void *copy = malloc(size ? size : 1);

	CHECK(copy);
	if (size)
		memcpy(copy, bytes, size);
	return copy;
}

#endif
