/* SPDX-License-Identifier: MIT */
/*
 * probe.c - dune-probe finds out by trying which kinds of isolation this host allows.
 *
 *   dune-probe cpu      what the processor says about itself, without the kernel's opinion
 *   dune-probe kvm      runs a guest on /dev/kvm: ring 0, paging, ring 3, a system call, a fault
 *   dune-probe process  creates namespaces, a Landlock ruleset and seccomp filters in children
 *
 * It needs no privileges, reads no input, and leaves nothing behind. Exit status: 0 if
 * it ran to its end, whatever it found; 64 for a wrong command line.
 */
#include <stdio.h>
#include <string.h>
#include "probe.h"

static const struct {
	const char *name;
	void (*run)(void);
} commands[] = {
	{ "cpu", probe_cpu },
	{ "kvm", probe_kvm },
	{ "process", probe_process },
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc == 2 && i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		limit_time();
		report_number("dune-probe", 1);
		commands[i].run();
		report_number("done", 1);
		return 0;
	}
	dprintf(2, "usage: dune-probe cpu | kvm | process\n");
	return 64;
}
