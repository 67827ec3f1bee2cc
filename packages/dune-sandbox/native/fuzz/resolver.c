/* SPDX-License-Identifier: MIT */
/*
 * resolver.c - fuzzes resolver_answer() with packets from the program: an answer
 * fits its buffer, answers the question that was asked, and gives an address to
 * an allowed name only.
 */
#include <strings.h>

#include "check.h"
#include "../jail/jail.h"

/* RFC 1035, 4.1.1 */
enum { HEADER = 12, ADDRESS_RECORD = 16, REFUSED_ROOM = 256 };

struct plan plan = {
	.names = {
		{ { 127, 0, 1, 1 }, "example.org" },
		{ { 127, 0, 1, 2 }, "a" },
		{ { 192, 0, 2, 7 }, "registry.npmjs.org" },
	},
	.nnames = 3,
};

/* What the resolver tells others is not under test. */
void report_lookup(const char *name)
{
	(void)name;
}

void fail(int layer, int error, const char *step, const char *what)
{
	(void)layer, (void)error, (void)step, (void)what;
	abort();
}

/* The question's name, by a reader that shares nothing with the resolver's. Returns its size on the wire, 0 if it ends too early. */
static size_t question_name(const uint8_t *packet, size_t size, char *text)
{
	size_t at = HEADER;
	char *out = text;

	for (; at < size && packet[at]; at += 1u + packet[at]) {
		if (packet[at] > 63 || at + packet[at] >= size)
			return 0;
		out += sprintf(out, "%s%.*s", out > text ? "." : "", packet[at], (const char *)packet + at + 1);
	}
	return at < size ? at + 1 - HEADER : 0;
}

static const struct name *allowed(const char *text)
{
	for (size_t i = 0; i < plan.nnames; i++)
		if (!strcasecmp(plan.names[i].name, text))
			return &plan.names[i];
	return NULL;
}

static void check_answer(const uint8_t *query, size_t size, const uint8_t *answer, size_t length, const char *refused)
{
	static char text[65536];
	size_t end = HEADER + question_name(query, size, text) + 4;
	const struct name *name = allowed(text);
	size_t addresses = (length - end) / ADDRESS_RECORD;

	CHECK(end > HEADER + 4 && length >= end && (length - end) % ADDRESS_RECORD == 0 && addresses <= 1);
	CHECK(!memcmp(answer, query, 2));                                  /* id */
	CHECK(answer[2] & 0x80 && (answer[2] & 0x78) == (query[2] & 0x78)); /* a response, same opcode */
	CHECK(!memcmp(answer + 4, query + 4, 2) && !memcmp(answer + HEADER, query + HEADER, end - HEADER));
	CHECK(answer[6] == 0 && answer[7] == addresses);
	for (size_t i = 8; i < HEADER; i++)
		CHECK(!answer[i]);
	if (name) {
		CHECK(!*refused && (answer[3] & 0x0f) == 0);
		CHECK(!addresses || !memcmp(answer + length - 4, name->address, 4));
	} else {
		CHECK(!addresses && (answer[3] & 0x0f) == 3);
		CHECK(!*refused || !strcmp(refused, text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *refused;
	uint8_t *packet;
	size_t capacity, length;

	if (!size)
		return 0;
	capacity = --size + *data++ % 64; /* the first byte says how much room there is beyond the query */
	packet = malloc(capacity ? capacity : 1);
	refused = calloc(1, REFUSED_ROOM);
	CHECK(packet && refused);
	memcpy(packet, data, size);
	length = resolver_answer(packet, size, capacity, refused, REFUSED_ROOM);
	CHECK(length <= capacity);
	CHECK(memchr(refused, 0, REFUSED_ROOM));
	if (length)
		check_answer(data, size, packet, length, refused);
	else
		CHECK(!*refused);
	free(refused);
	free(packet);
	return 0;
}
