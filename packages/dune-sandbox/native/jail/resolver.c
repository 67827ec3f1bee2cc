/* SPDX-License-Identifier: MIT */
/*
 * resolver.c - answers DNS queries (RFC 1035) from the names of the plan: A for
 * an allowed name, an empty answer for its other types, NXDOMAIN for the rest.
 * It asks nobody, so a query carries nothing out; a name that is not allowed
 * fails at once and can be reported.
 *
 *   header (12): id, flags, counts of questions, answers, authorities, additionals
 *   question:    labels (length, bytes)... 0, type (2), class (2)
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "jail.h"

enum { HEADER = 12, TYPE_A = 1, TYPE_AAAA = 28, RCODE_NXDOMAIN = 3, MAX_NAME = 253 };

int resolver_socket = -1;

/* In the private network namespace, where libc asks when /etc/resolv.conf says so or is missing. */
void resolver_open(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(53) };

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	resolver_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (resolver_socket < 0 || bind(resolver_socket, (struct sockaddr *)&in, sizeof in) < 0)
		fail(LAYER_NET, errno, "bind", "resolver");
}

/* Length of the question's name on the wire, or 0 if it is malformed; its text goes to `name`. */
static size_t read_name(const uint8_t *packet, size_t size, char name[MAX_NAME + 2])
{
	size_t at = HEADER, length = 0;

	while (at < size && packet[at]) {
		size_t label = packet[at++];

		/* No compression can occur in the first name of a packet. */
		if (label > 63 || at + label > size || length + label + 1 > MAX_NAME + 1) /* the last dot is not part of it */
			return 0;
		memcpy(name + length, packet + at, label);
		if (memchr(name + length, 0, label)) /* a NUL would end our text early */
			return 0;
		length += label;
		name[length++] = '.';
		at += label;
	}
	if (at >= size || !length)
		return 0;
	name[length - 1] = 0;
	return at + 1 - HEADER;
}

static const struct name *lookup(const char *text)
{
	for (size_t i = 0; i < plan.nnames; i++)
		if (!strcasecmp(plan.names[i].name, text))
			return &plan.names[i];
	return NULL;
}

static size_t append_address(uint8_t *packet, size_t size, const uint8_t address[4])
{
	/* pointer to the question's name, A, IN, TTL 60 s, 4 bytes */
	static const uint8_t record[] = { 0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4 };

	memcpy(packet + size, record, sizeof record);
	memcpy(packet + size + sizeof record, address, 4);
	packet[7] = 1;
	return size + sizeof record + 4;
}

/*
 * Turn the query in `packet` into its answer, in place. Returns the answer's
 * size, or 0 for what is not a query with one question. A name that is not
 * allowed is left in `refused`.
 */
size_t resolver_answer(uint8_t *packet, size_t size, size_t capacity, char *refused, size_t refused_size)
{
	char text[MAX_NAME + 2];
	const struct name *found;
	size_t name, end;
	int type;

	if (size < HEADER || packet[2] & 0xf8 || packet[4] || packet[5] != 1)
		return 0;
	name = read_name(packet, size, text);
	end = HEADER + name + 4;
	if (!name || end > size || end + 16 > capacity)
		return 0;
	type = packet[end - 4] << 8 | packet[end - 3];
	found = lookup(text);
	packet[2] |= 0x84;                 /* response, authoritative */
	packet[3] = found ? 0 : RCODE_NXDOMAIN;
	memset(packet + 6, 0, 6);          /* the question alone is kept */
	if (found)
		return type == TYPE_A ? append_address(packet, end, found->address) : end;
	if (type == TYPE_A || type == TYPE_AAAA)
		strncpy(refused, text, refused_size - 1);
	return end;
}

void resolver_serve(void)
{
	uint8_t packet[1500];
	char refused[256] = "";
	struct sockaddr_in peer;
	socklen_t length = sizeof peer;
	ssize_t size = recvfrom(resolver_socket, packet, 512, MSG_DONTWAIT, (struct sockaddr *)&peer, &length);

	if (size < 0)
		return;
	size = (ssize_t)resolver_answer(packet, (size_t)size, sizeof packet, refused, sizeof refused);
	if (*refused)
		report_lookup(refused);
	if (size)
		sendto(resolver_socket, packet, (size_t)size, MSG_DONTWAIT, (struct sockaddr *)&peer, length);
}
